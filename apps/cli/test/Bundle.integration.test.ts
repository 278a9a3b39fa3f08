import * as Bundle from "@effect-oauth/cli/Bundle"
import { Grant, GrantKey, TokenStore } from "@effect-oauth/core"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Path from "node:path"

describe("Bundle", () => {
  describe("move", () => {
    it.effect(
      "leaves a grant in the store whose renewal came through when the file was written",
      () =>
        Effect.gen(function*() {
          const { bundle, from, path } = yield* prepared
          yield* put(from, "first", active)
          const claimed = yield* put(from, "second", renewing)
          const store = {
            ...from,
            // nothing of the first look is left to be done: the renewal ends before the second
            remove: (...args: Parameters<typeof from.remove>) =>
              Effect.andThen(from.write(claimed, draft("second", active)), from.remove(...args))
          }

          yield* Stream.runDrain(Bundle.move({ from: store, bundle, path, source: "remove" }))

          assert.deepStrictEqual([...yield* written(path)], [key("first").id])
          assert.deepStrictEqual(yield* standing(from), [key("second").id])
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect(
      "writes over no file that another command wrote in the meantime, and removes nothing",
      () =>
        Effect.gen(function*() {
          const { bundle, from, fs, path } = yield* prepared
          yield* put(from, "first", active)
          yield* fs.writeFileString(path, "theirs")

          const error = yield* Effect.flip(Stream.runDrain(Bundle.move({ from, bundle, path, source: "remove" })))

          assert.strictEqual(error._tag === "PlatformError" && error.reason._tag, "AlreadyExists")
          assert.strictEqual(yield* fs.readFileString(path), "theirs")
          assert.deepStrictEqual(yield* standing(from), [key("first").id])
          assert.deepStrictEqual(yield* fs.readDirectory(Path.dirname(path)), [Path.basename(path)])
        }).pipe(Effect.scoped, Effect.provide(layer))
    )
  })

  describe("finish", () => {
    it.effect(
      "removes what is in the file of a move that was broken off, and nothing else",
      () =>
        Effect.gen(function*() {
          const { bundle, from, fs, path } = yield* prepared
          yield* put(from, "first", active)
          yield* Stream.runDrain(Bundle.move({ from, bundle, path, source: "keep" }))
          yield* put(from, "second", active)

          const again = yield* Bundle.read(yield* fs.readFileString(path), path, passphrase)
          yield* Stream.runDrain(Bundle.finish({ from, bundle: again, path }))

          assert.deepStrictEqual(yield* standing(from), [key("second").id])
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("removes nothing with another passphrase", () =>
      Effect.gen(function*() {
        const { bundle, from, fs, path } = yield* prepared
        yield* put(from, "first", active)
        yield* Stream.runDrain(Bundle.move({ from, bundle, path, source: "keep" }))

        const again = yield* Bundle.read(yield* fs.readFileString(path), path, Redacted.make("another passphrase"))
        yield* Effect.exit(Stream.runDrain(Bundle.finish({ from, bundle: again, path })))

        assert.deepStrictEqual(yield* standing(from), [key("first").id])
      }).pipe(Effect.scoped, Effect.provide(layer)))
  })
})

const layer = Layer.mergeAll(NodeFileSystem.layer, SecureRandom.layerWebCrypto)

const passphrase = Redacted.make("correct horse battery staple")

const prepared = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
  return {
    fs,
    from: yield* TokenStore.makeMemory,
    bundle: yield* Bundle.empty(passphrase),
    path: Path.join(directory, "carried.grants")
  }
})

const written = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* (yield* Bundle.read(yield* fs.readFileString(path), path, passphrase)).keys
})

const standing = (store: TokenStore.TokenStore["Service"]) =>
  Effect.map(store.list({ limit: 10 }), ({ heads }) => heads.map(({ key }) => key))

const key = (account: string): GrantKey.GrantKey =>
  GrantKey.make({ provider: "p", issuer: "https://as.example", client: "c", account })

const active: Grant.State = { _tag: "Active", failures: 0 }

const renewing: Grant.State = { _tag: "Renewing", holder: "h", presented: "d", startedAt: 0, settle: 1, attempt: 1 }

const draft = (account: string, state: Grant.State): Grant.Draft => ({
  format: Grant.format,
  key: key(account).id,
  state,
  writeId: `w-${account}-${state._tag}`,
  lineage: `l-${account}`,
  serial: 1,
  installation: "default",
  body: { _tag: "Open", accessTokens: [], refreshToken: Redacted.make(`r-${account}`) }
})

const put = (store: TokenStore.TokenStore["Service"], account: string, state: Grant.State) =>
  Effect.map(store.write(undefined, draft(account, state)), ({ grant }) => grant?.version ?? "")
