/** Processes that renew grants of one authorization server in one database, each with connections of its own. */
import {
  AuthorizationServer,
  ClientAuthentication,
  type GrantEvent,
  OAuthHttpClient,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { Context, Effect, Layer, Stream } from "effect"
import { Statement } from "effect/sql"
import { type Held, holding } from "../../../core/test/support/holding.ts"
import * as Postgres from "./postgres.ts"

export interface Node {
  readonly service: TokenService.TokenService["Service"]
  readonly store: TokenStore.TokenStore["Service"]
  /** What the node has said of its grants. */
  readonly events: Array<GrantEvent.GrantEvent["_tag"]>
  /** What the store has notified the node of. */
  readonly changes: Array<TokenStore.Change>
  /** The statements that the node has run. */
  readonly statements: Array<string>
  /** Keeps back the answer to the node's next request. */
  readonly hold: Effect.Effect<Held>
}

export const make = Effect.fnUntraced(function*(options: {
  readonly name: string
  readonly table: string
  readonly url?: string
  readonly policy?: RefreshPolicy.Options
}) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { client, hold } = holding(server.httpClient(options.name))
  const statements: Array<string> = []
  const noting: Statement.Transformer = (statement) =>
    Effect.sync(() => {
      statements.push(statement.compile(true)[0])
      return statement
    })
  const layer = TokenService.layer().pipe(
    Layer.provideMerge(PostgresTokenStore.layer({ table: options.table })),
    Layer.provide([TokenEndpoint.layer, Revocation.layer]),
    Layer.provide([
      Postgres.client({ applicationName: options.name, ...(options.url === undefined ? {} : { url: options.url }) }),
      Layer.succeed(OAuthHttpClient.OAuthHttpClient, client),
      Layer.succeed(AuthorizationServer.AuthorizationServer, server.description),
      Layer.succeed(ClientAuthentication.ClientAuthentication, server.clientAuthentication()),
      RefreshPolicy.layer(options.policy ?? {}),
      Layer.succeed(Statement.CurrentTransformer, noting)
    ])
  )
  const context = yield* Layer.build(layer)
  const service = Context.get(context, TokenService.TokenService)
  const store = Context.get(context, TokenStore.TokenStore)
  const events: Node["events"] = []
  const changes: Node["changes"] = []
  yield* Effect.forkScoped(Stream.runForEach(service.events, ({ _tag }) => Effect.sync(() => events.push(_tag))))
  yield* Effect.forkScoped(
    Stream.runForEach(store.changes ?? Stream.empty, (change) => Effect.sync(() => changes.push(change)))
  )
  yield* until(() => changes.length > 0)
  const node: Node = { service, store, events, changes, statements, hold }
  return node
})

/** Adopts a login, from now or from two hours ago: then its access token has ended. */
export const login = Effect.fnUntraced(function*(service: Node["service"], when: "now" | "earlier" = "now") {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const tokens = yield* server.issue()
  const key = service.key("ada")
  yield* service.adopt(key, { ...tokens, receivedAt: tokens.receivedAt - (when === "now" ? 0 : 7_200_000) })
  return key
})

/** The requests that the token endpoint has got. */
export const requests = Effect.map(
  Effect.flatMap(TestAuthorizationServer.TestAuthorizationServer, (server) => server.exchanges),
  (exchanges) => exchanges.filter(({ endpoint }) => endpoint === "token").map(({ by }) => by)
)

/** Waits until it is so. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => condition() ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), until(condition)))
