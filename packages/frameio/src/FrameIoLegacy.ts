/**
 * Frame.io's legacy server (V2): accounts that were not moved to V4. Frame.io
 * ends it after 1 December 2026; use `FrameIo` for anything new.
 *
 * - [OAuth 2 code authorization flow](https://developer.frame.io/docs/oauth-2-applications/oauth-2-code-authorization-flow)
 * - [Refreshing OAuth 2 tokens](https://developer.frame.io/docs/oauth-2-applications/refreshing-oauth-2-tokens)
 * - [The announcement of its end](https://forum.frame.io/t/v4-api-migration-questions-discussion/3368)
 *
 * @since 0.1.0
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as Configuration from "@effect-oauth/core/Configuration"
import type * as OAuthClient from "@effect-oauth/core/OAuthClient"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import type { Scopes } from "@effect-oauth/core/Scopes"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Profiles from "./internal/profile.ts"
import * as Provider from "./internal/provider.ts"

/**
 * Who a token stands for.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Profile = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  email: Schema.String
})

/**
 * Who a token stands for.
 *
 * @category models
 * @since 0.1.0
 */
export type Profile = typeof Profile.Type

/**
 * An OAuth app, as it was registered: without PKCE it is `confidential`, has a
 * secret and authenticates by HTTP Basic; with PKCE it is `public`, has none, and
 * must not send an `Authorization` header.
 *
 * @category options
 * @since 0.1.0
 */
export type Options =
  | {
    readonly client: "confidential"
    readonly clientId: string
    readonly clientSecret: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError>
  }
  | {
    readonly client: "public"
    readonly clientId: string
  }

/**
 * The least that a login asks for: a refresh token, and who it is. The scopes of
 * the resources (`asset.read`) are the application's to add.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scopes: Scopes = ["offline", "account.read"]

/**
 * Asks the API who the token stands for (`GET /v2/me`).
 *
 * @category getters
 * @since 0.1.0
 */
export const me = <E, R>(
  client: HttpClient.With<E, R>
): Effect.Effect<Profile, E | HttpClientError | OAuthError, R | AuthorizationServer.AuthorizationServer> =>
  Profiles.get("FrameIoLegacy", client, "/v2/me", Profile)

/**
 * The legacy authorization server, and Frame.io's API as the only origin that
 * gets the token.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServer: Layer.Layer<AuthorizationServer.AuthorizationServer> = Layer.suspend(() =>
  Provider.vendor(server({ login: "https://applications.frame.io", api: "https://api.frame.io" }))
)

/**
 * A test server that looks like the legacy one and its API, both at one origin.
 * Its grants have keys of their own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServerLoopback = (
  options: { readonly origin: string }
): Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError> =>
  Provider.loopback("FrameIoLegacy", options.origin, server)

/**
 * The client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClientAuthentication = (
  options: Options
): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError> =>
  ClientAuthentication.layer(authentication(options))

/**
 * The server and the client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): OAuthClient.Provider =>
  Layer.merge(layerAuthorizationServer, layerClientAuthentication(options))

/**
 * The same at a test server on this machine: plain `http` is accepted for
 * loopback addresses.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLoopback = (options: Options & { readonly origin: string }): OAuthClient.Provider =>
  Layer.merge(layerAuthorizationServerLoopback(options), layerClientAuthentication(options))

/**
 * The server and the client's authentication, where each option is a value or a
 * `Config`. What is missing or wrong is named by its variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Configuration.Options<Options>): OAuthClient.Provider =>
  Configuration.layer(options, layer)

const server = (origins: Provider.Origins): AuthorizationServer.Options => ({
  provider: "frameio-legacy",
  authorizationEndpoint: `${origins.login}/oauth2/auth`,
  tokenEndpoint: `${origins.login}/oauth2/token`,
  userinfoEndpoint: `${origins.api}/v2/me`,
  apiOrigins: [origins.api],
  dialect: {
    authorization: { offlineScope: "offline" },
    authorizationCode: { scope: "asked" },
    refreshToken: { scope: "granted" },
    response: { defaultLifetime: Duration.hours(1), refreshTokenLifetime: Duration.days(30) }
  },
  rotation: RotationPolicy.rotating(),
  endOfLife: DateTime.makeUnsafe("2026-12-01T00:00:00Z")
})

const authentication = (options: Options): ClientAuthentication.Made => {
  switch (options.client) {
    case "confidential":
      return ClientAuthentication.basic(options)
    case "public":
      return Provider.withoutSecret("FrameIoLegacy", options)
    default:
      return Provider.invalid("FrameIoLegacy", "client", "must be confidential or public")
  }
}
