import {
  type AuthorizationRequest,
  EncryptedPendingAuthorizations,
  Keyring,
  PendingAuthorizations,
  RedisPendingAuthorizations
} from "@effect-oauth/core"
import { PendingAuthorizationsContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { Redis } from "effect/persistence"
import * as RedisServer from "./support/RedisServer.ts"
import { canary, leaks } from "./support/secrets.ts"

describe.skipIf(!RedisServer.isAvailable)("RedisPendingAuthorizations", () => {
  const prefix = `test-${process.pid}`
  const layer = RedisPendingAuthorizations.layer({ prefix }).pipe(
    Layer.provideMerge(RedisServer.client()),
    Layer.provideMerge(RedisServer.layerAny)
  )

  it.layer(layer, { excludeTestServices: true })("keeps the contract of pending authorizations", (it) => {
    for (const law of PendingAuthorizationsContract.cases) it.effect(law.name, () => law.run)
  })

  it.layer(
    Layer.provide(EncryptedPendingAuthorizations.layer, [
      layer,
      Keyring.layer({ current: "a", keys: { a: Redacted.make("A".repeat(43)) } })
    ]),
    { excludeTestServices: true }
  )("keeps it when sealed", (it) => {
    for (const law of PendingAuthorizationsContract.cases) it.effect(law.name, () => law.run)
  })

  it.live("gives to one process what another put", () =>
    Effect.gen(function*() {
      const [a, b] = [yield* node, yield* node]

      yield* a.put(pending("between"), 60_000)
      const taken = yield* Effect.all([a.take("between"), b.take("between")], { concurrency: 2 })

      assert.lengthOf(taken.filter(Option.isSome), 1)
    }).pipe(Effect.provide(RedisServer.layerAny)))

  it.live("leaves nothing behind when its time is over", () =>
    Effect.gen(function*() {
      const redis = yield* Redis.Redis
      const service = yield* PendingAuthorizations.PendingAuthorizations

      yield* service.put(pending("short"), 50)
      yield* service.put(pending("none"), 0)
      yield* Effect.sleep("100 millis")

      assert.strictEqual(yield* redis.send("EXISTS", `${prefix}:pending:short`, `${prefix}:pending:none`), 0)
    }).pipe(Effect.provide(layer)))

  it.live("refuses what is no pending authorization, and quotes nothing of it", () =>
    Effect.gen(function*() {
      const redis = yield* Redis.Redis
      const service = yield* PendingAuthorizations.PendingAuthorizations
      yield* redis.send("SET", `${prefix}:pending:odd`, `{"${canary}`)

      const error = yield* Effect.flip(service.take("odd"))

      assert.strictEqual(error.reason._tag, "RecordInvalid")
      assert.deepStrictEqual(leaks(error), [])
    }).pipe(Effect.provide(layer)))

  const node = Effect.map(
    Layer.build(Layer.provide(RedisPendingAuthorizations.layer({ prefix }), RedisServer.client())),
    (context) => Context.get(context, PendingAuthorizations.PendingAuthorizations)
  )
})

const pending = (state: string): AuthorizationRequest.PendingAuthorization => ({
  state: Redacted.make(state),
  key: "key",
  issuerParameter: "optional",
  redirectUri: "https://client.test/callback",
  scopes: []
})
