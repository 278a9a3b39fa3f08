import * as KeyFile from "@effect-oauth/cli/KeyFile"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import * as Path from "node:path"

describe("KeyFile", () => {
  it.live("gives all who make a key at once the same, and none a half-written one", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
      const found = { called: "--dpop-key-file", value: Path.join(directory, "key.json") }

      const keys = yield* Effect.all(Array.from({ length: 8 }, () => KeyFile.dpop(found)), {
        concurrency: "unbounded"
      })

      assert.strictEqual(new Set(keys.map(({ thumbprint }) => thumbprint)).size, 1)
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["key.json"])
    }).pipe(Effect.scoped, Effect.provide(slowDisk)))
})

// a file is there before its text is
const slowDisk = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fs) => ({
    ...fs,
    writeFileString: (...[path, text, options]: Parameters<typeof fs.writeFileString>) =>
      fs.writeFileString(path, "", options).pipe(
        Effect.andThen(Effect.sleep("50 millis")),
        Effect.andThen(fs.writeFileString(path, text))
      )
  }))
).pipe(Layer.provide(NodeFileSystem.layer))
