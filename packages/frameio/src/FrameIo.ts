/**
 * Frame.io V4. Its logins are Adobe's (IMS), its API is `https://api.frame.io/v4`.
 *
 * - [Frame.io: authentication](https://developer.frame.io/platform/docs/guides/authentication/overview)
 * - [Adobe: API reference of IMS](https://developer.adobe.com/developer-console/docs/guides/authentication/UserAuthentication/ims/)
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
import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
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
  email: Schema.String,
  avatarUrl: Schema.NullOr(Schema.String)
}).pipe(Schema.encodeKeys({ avatarUrl: "avatar_url" }))

/**
 * Who a token stands for.
 *
 * @category models
 * @since 0.1.0
 */
export type Profile = typeof Profile.Type

/**
 * A credential of Adobe's Developer Console, by its kind.
 *
 * **Details**
 *
 * - `webApp`: OAuth Web App. It has a secret and authenticates by HTTP Basic.
 * - `singlePageApp` and `nativeApp`: no secret; PKCE proves the login.
 * - `serverToServer`: a secret and no person. Its tokens come from
 *   `ClientCredentials.source` with {@link serverToServerScopes}.
 *
 * @category options
 * @since 0.1.0
 */
export type Options =
  | {
    readonly client: "webApp" | "serverToServer"
    readonly clientId: string
    readonly clientSecret: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError>
  }
  | {
    readonly client: "singlePageApp" | "nativeApp"
    readonly clientId: string
  }

/**
 * What a login asks for: everything that Frame.io names, `offline_access` for a
 * refresh token among it.
 *
 * **Gotchas**
 *
 * Without `offline_access` there is no refresh token. With it there may be none:
 * Adobe's pages contradict each other about single page and native apps. Then
 * `Completed.warnings` has `RefreshTokenWithheld`. A credential that is not
 * entitled to a scope is refused with `invalid_scope`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scopes: Scopes = ["openid", "AdobeID", "email", "profile", "offline_access", "additional_info.roles"]

/**
 * What a server asks for on its own behalf.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serverToServerScopes: Scopes = ["openid", "AdobeID", "frame.s2s.all"]

/**
 * A developer token of the legacy Frame.io as a source for the API of V4: for
 * accounts that were moved to V4 and are not in the Adobe Admin Console.
 *
 * **When to use**
 *
 * Use it until there is a login. How long Frame.io takes it is documented
 * nowhere, and such a token is never renewed.
 *
 * - [Frame.io: migrating](https://next.developer.frame.io/platform/v4/docs/resources/migration)
 *
 * @category constructors
 * @since 0.1.0
 */
export const legacyDeveloperToken = (token: Redacted.Redacted): TokenSource.TokenSource => {
  const source = TokenSource.fixed({ value: token, type: "Bearer" })
  return {
    ...source,
    authorize: (request) => source.authorize(HttpClientRequest.setHeader(request, legacyTokenHeader, "true"))
  }
}

/**
 * Asks the API who the token stands for (`GET /v4/me`).
 *
 * @category getters
 * @since 0.1.0
 */
export const me = <E, R>(
  client: HttpClient.With<E, R>
): Effect.Effect<Profile, E | HttpClientError | OAuthError, R | AuthorizationServer.AuthorizationServer> =>
  Effect.map(Profiles.get("FrameIo", client, "/v4/me", Schema.Struct({ data: Profile })), ({ data }) => data)

/**
 * Adobe's authorization server, and Frame.io's API as the only origin that gets
 * the token.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServer: Layer.Layer<AuthorizationServer.AuthorizationServer> = Layer.suspend(() =>
  Provider.vendor(server({ login: "https://ims-na1.adobelogin.com", api: "https://api.frame.io" }))
)

/**
 * A test server that looks like Adobe's and Frame.io's, both at one origin. Its
 * grants have keys of their own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServerLoopback = (
  options: { readonly origin: string }
): Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError> =>
  Provider.loopback("FrameIo", options.origin, server)

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

const legacyTokenHeader = "x-frameio-legacy-token-auth"

const server = (origins: Provider.Origins): AuthorizationServer.Options => ({
  provider: "frameio",
  issuer: origins.login,
  authorizationEndpoint: `${origins.login}/ims/authorize/v2`,
  tokenEndpoint: `${origins.login}/ims/token/v3`,
  revocationEndpoint: `${origins.login}/ims/revoke`,
  userinfoEndpoint: `${origins.login}/ims/userinfo/v2`,
  apiOrigins: [origins.api],
  dialect: {
    // Adobe gives native applications a scheme of their own, adobe+…
    // and gives offline access to whoever asks for the scope; `consent` is no prompt of its
    authorization: { privateScheme: "any", parameters: { prompt: "" } },
    // a `scope` on the other two requests narrows the token, and the RFC's default is to send none
    clientCredentials: { scopeSeparator: "," },
    response: { refreshTokenLifetime: Duration.days(14) }
  },
  // what presenting a spent token costs is documented nowhere
  rotation: RotationPolicy.rotating()
})

const authentication = (options: Options): ClientAuthentication.Made => {
  switch (options.client) {
    case "webApp":
      return ClientAuthentication.basic(options)
    case "serverToServer":
      return ClientAuthentication.post(options)
    case "singlePageApp":
    case "nativeApp":
      return Provider.withoutSecret("FrameIo", options)
    default:
      return Provider.invalid("FrameIo", "client", "must be webApp, singlePageApp, nativeApp or serverToServer")
  }
}
