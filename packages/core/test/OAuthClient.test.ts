import {
  AuthorizationServer,
  ClientAuthentication,
  DeviceAuthorization,
  Introspection,
  Login,
  OAuthClient,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { Ledger, TestAuthorizationServer, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, LayerMap, Redacted } from "effect"
import { TestClock } from "effect/testing"

describe("OAuthClient", () => {
  describe("layerWith", () => {
    it.effect("keeps two servers apart that are in use at once", () =>
      Effect.gen(function*() {
        const sent: Array<readonly [url: string, body: string]> = []

        yield* Effect.gen(function*() {
          const first = Clients.get("first")
          const second = Clients.get("second")
          yield* Effect.provide(Effect.andThen(renew("r-1"), Effect.provide(renew("r-2"), second)), first)
        }).pipe(Effect.provide(Layer.provide(Clients.layer, world(sent))))

        assert.deepStrictEqual(sent, [
          ["https://first.test/token", "grant_type=refresh_token&refresh_token=r-1&client_id=client-of-first"],
          ["https://second.test/token", "grant_type=refresh_token&refresh_token=r-2&client_id=client-of-second"]
        ])
      }))
  })

  describe("layerCrypto", () => {
    it.effect("does nothing that TestClock does not know of: renewals in a long time happen when they are due", () =>
      Effect.gen(function*() {
        const grants = yield* TokenService.TokenService
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const keys = ["ada", "grace", "edsger", "barbara"].map((account) => grants.key(account))
        for (const key of keys) yield* grants.adopt(key, yield* server.issue())
        const renewing = Effect.forEach(keys, (key) => Effect.delay(grants.refresh(key), "1 hour"))
        yield* Effect.forkChild(Effect.repeat(renewing, { times: 2 }))

        yield* TestClock.adjust("1 day")

        const at = Ledger.ofKind(yield* server.ledger, "rotated").map(({ at }) => at / 3_600_000)
        assert.deepStrictEqual(at, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      }).pipe(
        Effect.provide(
          OAuthClient.layerCrypto().pipe(
            Layer.provideMerge(TestAuthorizationServer.layer()),
            Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory(), TestCrypto.layer()])
          )
        )
      ))
  })

  for (
    const [name, tag, layer] of [
      ["TokenEndpoint", TokenEndpoint.TokenEndpoint, TokenEndpoint.layer],
      ["Revocation", Revocation.Revocation, Revocation.layer],
      ["Introspection", Introspection.Introspection, Introspection.layer],
      ["PushedAuthorization", PushedAuthorization.PushedAuthorization, PushedAuthorization.layer],
      ["DeviceAuthorization", DeviceAuthorization.DeviceAuthorization, DeviceAuthorization.layer],
      ["OAuthClient", TokenService.TokenService, OAuthClient.layer()],
      ["OAuthClient, with its randomness from the context", TokenService.TokenService, OAuthClient.layerCrypto()],
      ["Login", Login.Login, Login.layer],
      ["Login, with its randomness from the context", Login.Login, Login.layerWith]
    ] as ReadonlyArray<readonly [string, Context.Key<unknown, unknown>, Layer.Layer<unknown, never, Needed>]>
  ) {
    it.effect(`is another one for another server, whoever else has built it: ${name}`, () =>
      Effect.scoped(Effect.gen(function*() {
        const shared = yield* Layer.makeMemoMap
        const scope = yield* Effect.scope
        const build = (server: string) => {
          const whole = layer.pipe(Layer.provide(client(server)), Layer.provide(world([])))
          return Effect.map(Layer.buildWithMemoMap(whole, shared, scope), (context) => Context.getUnsafe(context, tag))
        }

        assert.notStrictEqual(yield* build("first"), yield* build("second"))
      })))
  }
})

type Needed = Layer.Success<ReturnType<typeof client> | ReturnType<typeof world>>

const provider = (name: string): OAuthClient.Provider =>
  Layer.merge(
    AuthorizationServer.layer(
      AuthorizationServer.make({ provider: name, tokenEndpoint: `https://${name}.test/token` })
    ),
    ClientAuthentication.layerNone({ clientId: `client-of-${name}` })
  )

const client = (name: string) =>
  OAuthClient.layerWith().pipe(
    Layer.provideMerge(PushedAuthorization.layer),
    Layer.provideMerge(provider(name))
  )

class Clients extends LayerMap.Service<Clients>()("test/Clients", { lookup: client }) {}

const world = (sent: Array<readonly [url: string, body: string]>) =>
  Layer.mergeAll(
    TokenStore.layerMemory,
    PendingAuthorizations.layerMemory(),
    TestCrypto.layer(),
    TestHttp.layer(({ body, url }) =>
      Effect.sync(() => {
        sent.push([url, body])
        return TestHttp.json({ error: "invalid_grant" }, { status: 400 })
      })
    )
  )

/** Takes a grant over, and renews it, which fails. */
const renew = Effect.fnUntraced(function*(refreshToken: string) {
  const service = yield* TokenService.TokenService
  const key = service.key("ada")
  yield* service.adopt(key, {
    accessToken: Redacted.make("a"),
    refreshToken: Redacted.make(refreshToken),
    tokenType: "Bearer",
    receivedAt: yield* Clock.currentTimeMillis
  })
  yield* Effect.ignore(service.refresh(key))
})
