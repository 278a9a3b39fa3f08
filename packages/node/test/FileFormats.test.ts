import { TokenStore } from "@effect-oauth/core"
import { FileTokenStore } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Formats from "../../core/test/support/formats.ts"
import { directory } from "./fixtures/directory.ts"
import { draft } from "./fixtures/grants.ts"

const fixtures = Path.join(import.meta.dirname, "../../core/test/fixtures/format-1")

describe("a file of FileTokenStore", () => {
  it.effect("is read as its first version was written", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const store = Context.get(
        yield* Layer.build(Layer.provide(FileTokenStore.layer({ directory: path }), Formats.random)),
        TokenStore.TokenStore
      )
      yield* store.write(undefined, draft({ key: Formats.key }))
      const name = Fs.readdirSync(Path.join(path, "grants")).find((name) => name.endsWith(".json")) ?? ""
      const record = JSON.parse(Fs.readFileSync(Path.join(fixtures, "active.json"), "utf8"))
      const history = ["1900000001000 3 Renewed node-1 Expiring"]
      Fs.writeFileSync(Path.join(path, "grants", name), JSON.stringify({ ...record, history }))

      const { grant } = yield* store.read(Formats.key)

      assert.deepStrictEqual(Formats.plain(grant), Formats.plain(Formats.records.active))
    }))
})
