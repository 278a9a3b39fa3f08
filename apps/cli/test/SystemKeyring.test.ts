import * as SystemKeyring from "@effect-oauth/cli/SystemKeyring"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Path from "node:path"

describe("SystemKeyring", { concurrent: false }, () => {
  const entries = new Map<string, string>()

  beforeEach(() => {
    entries.clear()
    vi.doMock("@napi-rs/keyring", () => ({ Entry: entryIn(entries) }))
  })

  it.effect("says by a typed error that a directory cannot be written, and leaves no key behind", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporary, "file")
      yield* (yield* FileSystem.FileSystem).writeFileString(file, "")

      const { reason } = yield* Effect.flip(SystemKeyring.adopt(Path.join(file, "data")))

      assert.strictEqual(reason._tag, "ConfigurationInvalid")
      assert.strictEqual(entries.size, 0)
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))

  it.effect("gives all who seal a directory at once the same key, and keeps no other", () =>
    Effect.gen(function*() {
      const directory = yield* temporary

      const ids = yield* Effect.all(Array.from({ length: 8 }, () => SystemKeyring.adopt(directory)), {
        concurrency: "unbounded"
      })

      assert.deepStrictEqual([...new Set(ids)], [...entries.keys()])
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
})

const temporary = Effect.flatMap(
  FileSystem.FileSystem,
  (fs) => fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
)

// a keyring that answers
const entryIn = (entries: Map<string, string>) =>
  class Entry {
    private readonly id: string
    constructor(_: string, id: string) {
      this.id = id
    }
    setPassword(key: string): void {
      entries.set(this.id, key)
    }
    getPassword(): string | null {
      return entries.get(this.id) ?? null
    }
    deletePassword(): boolean {
      return entries.delete(this.id)
    }
  }
