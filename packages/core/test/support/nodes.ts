/** Nodes of one application on one store, whatever it is, and one authorization server in memory. In real time. */
import {
  AuthorizationServer,
  ClientAuthentication,
  type Grant,
  OAuthHttpClient,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, type Scope } from "effect"
import { type Held, holding } from "./holding.ts"

export type Store = TokenStore.TokenStore["Service"]

/** Opens the store as one node does. */
export type Open = Effect.Effect<Store, unknown, Scope.Scope>

/** A fact about nodes on a store. */
export interface Law {
  readonly name: string
  readonly run: (open: Open) => Effect.Effect<void>
}

export interface Node {
  readonly service: TokenService.TokenService["Service"]
  /** The store, as the node sees it. */
  readonly store: Store
  /** Keeps back the answer to the node's next request. */
  readonly hold: Effect.Effect<Held>
}

/** A law whose nodes end with it. */
export const law = <E>(
  name: string,
  run: (open: Open) => Effect.Effect<void, E, Scope.Scope | TestAuthorizationServer.TestAuthorizationServer>
): Law => ({
  name,
  run: (open) => Effect.orDie(Effect.provide(Effect.scoped(run(open)), TestAuthorizationServer.layer()))
})

/** A node on a store. */
export const node = Effect.fnUntraced(function*(
  name: string,
  store: Store,
  policy: RefreshPolicy.Options = {}
) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { client, hold } = holding(server.httpClient(name))
  const context = yield* Layer.build(
    TokenService.layer().pipe(
      Layer.provide([TokenEndpoint.layer, Revocation.layer]),
      Layer.provide([
        Layer.succeed(TokenStore.TokenStore, store),
        Layer.succeed(OAuthHttpClient.OAuthHttpClient, client),
        Layer.succeed(AuthorizationServer.AuthorizationServer, server.description),
        Layer.succeed(ClientAuthentication.ClientAuthentication, server.clientAuthentication()),
        RefreshPolicy.layer({ maxStaleness: "200 millis", ...policy })
      ])
    )
  )
  const made: Node = { service: Context.get(context, TokenService.TokenService), store, hold }
  return made
})

/** A store without its notifications. */
export const silent = ({ changes: _, ...store }: Store): Store => store

/** Adopts a login; the access token of an earlier one has ended. */
export const login = Effect.fnUntraced(function*(service: Node["service"], when: "now" | "earlier" = "now") {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const tokens = yield* server.issue()
  const key = service.key("ada")
  yield* service.adopt(key, { ...tokens, receivedAt: tokens.receivedAt - (when === "now" ? 0 : 7_200_000) })
  return key
})

/** Who has asked the token endpoint. */
export const requests = Effect.map(
  Effect.flatMap(TestAuthorizationServer.TestAuthorizationServer, (server) => server.exchanges),
  (exchanges) => exchanges.filter(({ endpoint }) => endpoint === "token").map(({ by }) => by)
)

/** Waits until an effect succeeds with what is wanted: ten seconds at most. */
export const until = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  isWanted: (value: A) => boolean
): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    for (let i = 0; i < 500; i++) {
      const value = yield* effect
      if (isWanted(value)) return value
      yield* Effect.sleep("20 millis")
    }
    return assert.fail("it does not come about")
  })

/** The record as it stands, whoever looks. */
export const standing = (store: Store, key: Parameters<Store["read"]>[0]) =>
  Effect.map(store.read(key), ({ grant }): Grant.Grant => grant ?? assert.fail("there is no record"))
