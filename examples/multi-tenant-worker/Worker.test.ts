import { OAuthClient, PendingAuthorizations, TokenService, TokenStore } from "@effect-oauth/core"
import { Ledger, TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import * as Worker from "./Worker.ts"

describe("multi-tenant-worker", () => {
  it.effect("renews the few grants of one tenant in the first seconds, however many another has", () =>
    Effect.gen(function*() {
      yield* connect("acme", 200)
      yield* connect("bolt", 3)

      yield* TestClock.adjust("10 seconds")

      const renewed = yield* renewals
      assert.strictEqual(renewed["bolt"], 3)
      assert.isAtLeast(renewed["acme"] ?? 0, 16)
      // two in a second, and the two that it began with
      assert.isAtMost(renewed["acme"] ?? 0, 22)
    }).pipe(Effect.provide(Live), Random.withSeed("worker")))

  it.effect("comes to every grant in the end, and renews each once", () =>
    Effect.gen(function*() {
      yield* connect("acme", 40)

      yield* TestClock.adjust("1 minute")

      assert.deepStrictEqual(yield* renewals, { acme: 40 })
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual((yield* server.exchanges).length, 40)
    }).pipe(Effect.provide(Live), Random.withSeed("worker")))
})

const Live = Worker.layer.pipe(
  Layer.provideMerge(OAuthClient.layerCrypto()),
  Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory(), TestCrypto.layer()]),
  Layer.provideMerge(TestAuthorizationServer.layer({ accessTokenLifetime: "1 hour" }))
)

/** So many grants that are due. */
const connect = Effect.fnUntraced(function*(tenant: string, count: number) {
  const grants = yield* TokenService.TokenService
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  for (let person = 1; person <= count; person++) {
    const tokens = yield* server.issue({ subject: tenant })
    const key = grants.key(Worker.account(tenant, `${person}`))
    yield* grants.adopt(key, { ...tokens, receivedAt: tokens.receivedAt - Duration.toMillis("59 minutes") })
  }
})

/** How many grants of each tenant the server has renewed. */
const renewals = Effect.gen(function*() {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const tenants = new Map((yield* server.families).map(({ id, subject }) => [id, subject]))
  const renewed: Record<string, number> = {}
  for (const { family = "" } of Ledger.ofKind(yield* server.ledger, "rotated")) {
    const tenant = tenants.get(family) ?? ""
    renewed[tenant] = (renewed[tenant] ?? 0) + 1
  }
  return renewed
})
