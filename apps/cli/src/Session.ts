/**
 * A client at work: the server and the client that the settings mean, and the
 * store. A command is done within its scope, and closing it saves what is under way.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import * as DeviceAuthorization from "@effect-oauth/core/DeviceAuthorization"
import type { GrantKey } from "@effect-oauth/core/GrantKey"
import * as OAuthClient from "@effect-oauth/core/OAuthClient"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import type { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import * as RefreshPolicy from "@effect-oauth/core/RefreshPolicy"
import type { Scopes } from "@effect-oauth/core/Scopes"
import { TokenService } from "@effect-oauth/core/TokenService"
import * as TokenSource from "@effect-oauth/core/TokenSource"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import type * as Stdio from "effect/Stdio"
import * as CommandPolicy from "./CommandPolicy.ts"
import type { Configuration } from "./Configuration.ts"
import type { Failure } from "./Failure.ts"
import * as GrantView from "./GrantView.ts"
import type { Output } from "./Output.ts"
import * as Server from "./Server.ts"
import * as ServiceTokens from "./ServiceTokens.ts"
import * as Store from "./Store.ts"

/** What is particular to the command that runs. */
export class Session extends Context.Service<Session, {
  readonly server: Server.Server
  /** The grant of the account that the settings name. */
  readonly key: GrantKey
  /** What the settings ask for. */
  readonly scopes: Scopes
  /** The grant's tokens. */
  readonly source: TokenSource.TokenSource
  /** Renews now. */
  readonly refresh: Effect.Effect<void, OAuthError>
  /** What is known of the grant. */
  readonly view: Effect.Effect<GrantView.GrantView | undefined, OAuthError>
}>()("@effect-oauth/cli/Session") {}

/** What a session consists of. */
export type Parts =
  | AuthorizationServer
  | HttpClient.HttpClient
  | DeviceAuthorization.DeviceAuthorization
  | OAuthClient.OAuthClient
  | PendingAuthorizations
  | Session
  | TokenStore

/** A session for the settings. */
export const layer = (
  config: Configuration
): Layer.Layer<Parts, Failure | OAuthError | PlatformError, FileSystem.FileSystem | Output | Stdio.Stdio> =>
  Layer.unwrap(Effect.map(Server.choose(config), (server) =>
    Layer.effect(Session, make(config, server)).pipe(
      Layer.provideMerge(DeviceAuthorization.layer),
      Layer.provideMerge(OAuthClient.layerWith()),
      Layer.provideMerge(server.layer),
      Layer.provideMerge(Store.layer(config)),
      Layer.provide(RefreshPolicy.layer(CommandPolicy.options))
    ))).pipe(Layer.provide(OAuthHttpClient.layerFetch))

const make = Effect.fnUntraced(function*(
  config: Configuration,
  server: Server.Server
) {
  const service = yield* TokenService
  const store = yield* TokenStore
  const { rotation } = yield* AuthorizationServer
  const key = service.key(config.account)
  const asked = config.profile.values.scopes?.value ?? []
  const scopes = asked.length > 0 ? asked : server.scopes
  const tokens = server.flow === "client-credentials" ? yield* ServiceTokens.make(key, scopes) : undefined

  return Session.of({
    server,
    key,
    scopes,
    source: tokens?.source ?? (yield* TokenSource.fromGrant(key)),
    refresh: Effect.asVoid(tokens?.obtain ?? service.refresh(key)),
    view: Effect.map(
      store.read(key),
      ({ grant, now }) => grant === undefined ? undefined : GrantView.make(grant, { now, rotation })
    )
  })
})

/** An HTTP client whose requests carry the token of the session, to the origins of the API. */
export const authorized: Effect.Effect<
  AuthorizedHttpClient.AuthorizedHttpClient,
  never,
  AuthorizationServer | HttpClient.HttpClient | Session
> = Effect.gen(function*() {
  const client = yield* HttpClient.HttpClient
  const { apiOrigins } = yield* AuthorizationServer
  const { source } = yield* Session
  return AuthorizedHttpClient.withTokenSource(client, source, { origins: apiOrigins })
})
