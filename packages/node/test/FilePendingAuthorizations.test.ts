import { PendingAuthorizations } from "@effect-oauth/core"
import { PendingAuthorizationsContract } from "@effect-oauth/core/testing"
import { FilePendingAuthorizations } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { directory } from "./fixtures/directory.ts"
import { key } from "./fixtures/grants.ts"

const minute = 60_000

describe("FilePendingAuthorizations", () => {
  describe("keeps the contract", () => {
    for (const law of PendingAuthorizationsContract.cases) {
      it.effect(law.name, () => Effect.flatMap(directory, (path) => Effect.provide(law.run, filePending(path))))
    }
  })

  it.effect("gives back what another process put", () =>
    Effect.gen(function*() {
      const path = yield* directory
      yield* Effect.flatMap(open(path), (pending) => pending.put(login("s1"), minute))

      const taken = yield* Effect.flatMap(open(path), (pending) => pending.take("s1"))

      assert.deepStrictEqual(taken, Option.some(login("s1")))
    }))

  it.effect("gives it to one of many takers", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const one = yield* open(path)
      const other = yield* open(path)
      yield* one.put(login("s1"), minute)

      const taken = yield* Effect.forEach(
        [one, other, one, other, one, other, one, other],
        (pending) => pending.take("s1"),
        { concurrency: "unbounded" }
      )

      assert.strictEqual(taken.filter(Option.isSome).length, 1)
    }))

  it.effect("gives nothing for a state that nobody put", () =>
    Effect.gen(function*() {
      const pending = yield* open(yield* directory)
      yield* pending.put(login("s1"), minute)

      assert.deepStrictEqual(yield* pending.take("../pending/s1"), Option.none())
    }))

  it.effect("gives nothing after its time", () =>
    Effect.gen(function*() {
      const pending = yield* open(yield* directory)
      yield* pending.put(login("s1"), minute)
      yield* TestClock.adjust(minute)

      assert.deepStrictEqual(yield* pending.take("s1"), Option.none())
    }))

  it.effect("removes those whose time is over with the next put", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const pending = yield* open(path)
      yield* pending.put(login("s1"), minute)
      yield* TestClock.adjust(minute)

      yield* pending.put(login("s2"), minute)

      assert.strictEqual(files(path).length, 1)
    }))

  it.effect("keeps its files from others and the state out of their names", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const pending = yield* open(path)

      yield* pending.put(login("secret-state"), minute)

      assert.strictEqual(Fs.statSync(Path.join(path, "pending")).mode & 0o777, 0o700)
      for (const name of files(path)) {
        assert.notInclude(name, "secret-state")
        assert.strictEqual(Fs.statSync(Path.join(path, "pending", name)).mode & 0o777, 0o600)
      }
    }))

  it.effect("leaves what it cannot read as it is", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const pending = yield* open(path)
      yield* pending.put(login("s1"), minute)
      const file = Path.join(path, "pending", files(path)[0] ?? "")
      Fs.writeFileSync(file, "{\"until\":1}")

      const error = yield* Effect.flip(pending.take("s1"))
      yield* pending.put(login("s2"), minute)

      assert.strictEqual(error.reason._tag, "RecordInvalid")
      assert.strictEqual(Fs.readFileSync(file, "utf8"), "{\"until\":1}")
    }))
})

const filePending = (directory: string) =>
  Layer.provide(FilePendingAuthorizations.layer({ directory }), SecureRandom.layerWebCrypto)

const open = (directory: string) =>
  Effect.map(Layer.build(filePending(directory)), Context.get(PendingAuthorizations.PendingAuthorizations))

const login = (state: string) => ({
  state: Redacted.make(state),
  key: key().id,
  issuerParameter: "optional" as const,
  redirectUri: "http://127.0.0.1:1/callback",
  codeVerifier: Redacted.make("verifier"),
  scopes: ["a"]
})

const files = (directory: string): ReadonlyArray<string> => Fs.readdirSync(Path.join(directory, "pending"))
