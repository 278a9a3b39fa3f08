/** The library as a process of a run uses it: a service for each of the two servers, over one store. */
import {
  AuthorizationServer,
  ClientAuthentication,
  type GrantKey,
  OAuthHttpClient,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenService,
  type TokenSet,
  TokenStore
} from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as Journal from "./Journal.ts"
import type { Pair } from "./Server.ts"
import * as Settings from "./Settings.ts"
import * as Way from "./Way.ts"

/** What a process is told when it starts. */
export interface Task {
  /** Its name in the ledger. */
  readonly name: string
  readonly way: Way.Way
  /** Where the authorization server is. */
  readonly origin: string
  /** Where it notes what the store said. */
  readonly journal: string
  /** How long the server with a window says it answers a replaced token, in milliseconds. */
  readonly window: number
  /** Whether no other has been started before. */
  readonly isFirst: boolean
}

/** The services, and the store that they share. */
export interface Client {
  readonly store: TokenStore.TokenStore["Service"]
  readonly services: Readonly<Record<Settings.Kind, TokenService.TokenService["Service"]>>
}

/** Opens the services, to be closed with the scope. */
export const make = Effect.fnUntraced(function*(task: Task, policy: RefreshPolicy.Options = Settings.policy) {
  const opened = Context.get(yield* Layer.build(Way.layer(task.way)), TokenStore.TokenStore)
  const store = Journal.keeping(opened, task.journal)
  // says who asks, for the ledger
  const http = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.mapRequest(HttpClientRequest.setHeader("x-process", task.name))
    )
  ).pipe(Layer.provide(NodeHttpClient.layerUndici))
  const service = (kind: Settings.Kind) =>
    TokenService.layer().pipe(
      Layer.provide([TokenEndpoint.layer, Revocation.layer]),
      Layer.provide([
        OAuthHttpClient.layer.pipe(Layer.provide(http)),
        Layer.succeed(TokenStore.TokenStore, store),
        ClientAuthentication.layerNone({ clientId: kind }),
        AuthorizationServer.layer(AuthorizationServer.makeLoopback({
          provider: "chaos",
          issuer: task.origin,
          tokenEndpoint: `${task.origin}/token`,
          revocationEndpoint: `${task.origin}/token/revocation`,
          rotation: Settings.rotation(kind, task.window)
        })),
        RefreshPolicy.layer(policy)
      ]),
      Layer.build,
      Effect.map(Context.get(TokenService.TokenService)),
      Effect.orDie
    )
  const client: Client = {
    store,
    services: { windowed: yield* service("windowed"), strict: yield* service("strict") }
  }
  return client
})

/** The key of an account's grant. */
export const keyOf = ({ services }: Client, { account, kind }: (typeof Settings.accounts)[number]): GrantKey.GrantKey =>
  services[kind].key(account)

/** The tokens of a login, as it gave them so many milliseconds ago. */
export const tokens = (pair: Pair, age = 0): TokenSet.TokenSet => ({
  accessToken: Redacted.make(pair.access_token),
  refreshToken: Redacted.make(pair.refresh_token),
  tokenType: "Bearer",
  receivedAt: Date.now() - age,
  expiresIn: Duration.seconds(pair.expires_in)
})
