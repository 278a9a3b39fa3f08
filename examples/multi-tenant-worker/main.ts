/**
 * Eighteen grants that are due at once, sixteen of them one tenant's, and a
 * server in memory. Nobody asks for a token: the worker renews them, and this
 * tells whose, second by second.
 */
import { OAuthClient, PendingAuthorizations, TokenService, TokenStore } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Stream } from "effect"
import * as Worker from "./Worker.ts"

const accounts = [
  ...Array.from({ length: 16 }, (_, index) => Worker.account("acme", `person-${index}`)),
  Worker.account("bolt", "ada"),
  Worker.account("bolt", "grace")
]

// yours: the layer of your provider, and a store that all nodes share
const Live = Worker.layer.pipe(
  Layer.provideMerge(OAuthClient.layerWith()),
  Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()]),
  Layer.provideMerge(TestAuthorizationServer.layer({ accessTokenLifetime: "1 hour" }))
)

const program = Effect.gen(function*() {
  const grants = yield* TokenService.TokenService
  const server = yield* TestAuthorizationServer.TestAuthorizationServer

  for (const account of accounts) {
    const tokens = yield* server.issue()
    // as if the login had been 59 minutes ago
    yield* grants.adopt(grants.key(account), { ...tokens, receivedAt: tokens.receivedAt - 59 * 60_000 })
  }

  yield* grants.events.pipe(
    Stream.filter(({ _tag }) => _tag === "Renewed"),
    Stream.map(({ key }) => Worker.tenantOf(key)),
    Stream.take(accounts.length),
    Stream.groupedWithin(accounts.length, "1 second"),
    Stream.runForEach((tenants) => Console.log("renewed for " + tenants.join(", ")))
  )
})

NodeRuntime.runMain(Effect.provide(program, Live))
