import {
  type AuthorizationRequest,
  EncryptedPendingAuthorizations,
  Keyring,
  PendingAuthorizations
} from "@effect-oauth/core"
import { PendingAuthorizationsContract, TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { canary, leaks } from "./support/secrets.ts"

type Service = PendingAuthorizations.PendingAuthorizations["Service"]

describe("EncryptedPendingAuthorizations", () => {
  describe("keeps the contract of pending authorizations over memory", () => {
    for (const law of PendingAuthorizationsContract.cases) {
      it.effect(
        law.name,
        () => Effect.provide(law.run, sealing().pipe(Layer.provide(PendingAuthorizations.layerMemory())))
      )
    }
  })

  it.effect("hands nothing down but the state and the key", () =>
    Effect.gen(function*() {
      const { below, service } = yield* services()

      yield* service.put(pending, 60_000)
      const kept = Option.getOrUndefined(yield* below.take("state"))

      assert.deepStrictEqual(Object.keys(kept?.context ?? {}), ["keyId", "ciphertext"])
      assert.deepStrictEqual({ ...kept, context: undefined }, {
        state: kept?.state,
        key: pending.key,
        issuerParameter: "optional",
        redirectUri: "",
        scopes: [],
        context: undefined
      })
    }))

  it.effect("refuses one that was put under another state", () =>
    Effect.gen(function*() {
      const { below, service } = yield* services()
      yield* service.put(pending, 60_000)
      const kept = Option.getOrThrow(yield* below.take("state"))
      yield* below.put({ ...kept, state: Redacted.make("other") }, 60_000)

      const error = yield* Effect.flip(service.take("other"))

      assert.strictEqual(error.reason._tag, "RecordInvalid")
    }))

  it.effect("refuses one that is not sealed", () =>
    Effect.gen(function*() {
      const { below, service } = yield* services()
      yield* below.put(pending, 60_000)

      const error = yield* Effect.flip(service.take("state"))

      assert.strictEqual(error.reason._tag, "RecordInvalid")
      assert.deepStrictEqual(leaks(error), [])
    }))

  it.effect("says which key is not here", () =>
    Effect.gen(function*() {
      const { another, service } = yield* services()
      yield* service.put(pending, 60_000)

      const error = yield* Effect.flip((yield* another("b", 2)).take("state"))

      assert.match(error.message, /The key for seal \(a\.[0-9a-f]{8}\) is not available/)
    }))
})

const pending: AuthorizationRequest.PendingAuthorization = {
  state: Redacted.make("state"),
  key: "key",
  issuer: "https://as.test",
  issuerParameter: "required",
  redirectUri: "https://client.test/callback",
  codeVerifier: Redacted.make(canary),
  nonce: Redacted.make(canary),
  scopes: ["read"],
  context: { returnTo: canary }
}

const sealing = (name = "a", byte = 1) =>
  EncryptedPendingAuthorizations.layer.pipe(
    Layer.provide(Keyring.layerWith({
      current: name,
      keys: { [name]: Redacted.make(Buffer.alloc(32, byte).toString("base64url")) }
    })),
    Layer.provide(TestCrypto.layer()),
    Layer.orDie
  )

const services = Effect.fnUntraced(function*() {
  const below = yield* Effect.provide(PendingAuthorizations.PendingAuthorizations, PendingAuthorizations.layerMemory())
  const another = (name?: string, byte?: number): Effect.Effect<Service> =>
    Effect.provide(
      PendingAuthorizations.PendingAuthorizations,
      Layer.provide(sealing(name, byte), Layer.succeed(PendingAuthorizations.PendingAuthorizations, below))
    )
  return { below, another, service: yield* another() }
})
