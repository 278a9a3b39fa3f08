/**
 * Frame.io Camera to Cloud: devices that log in by code. It stays when the
 * legacy API ends.
 *
 * - [Managing authorization](https://developer.frame.io/docs/device-integrations/how-to-authorization-management)
 * - [The token endpoint](https://next.developer.frame.io/camera-to-cloud/api-reference/authentication/auth-device-token)
 *
 * @since 0.1.0
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as Configuration from "@effect-oauth/core/Configuration"
import type { OnAnswer } from "@effect-oauth/core/EndpointRequest"
import type * as OAuthClient from "@effect-oauth/core/OAuthClient"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import type { Scopes } from "@effect-oauth/core/Scopes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { multipart } from "./internal/multipart.ts"
import * as Provider from "./internal/provider.ts"

/**
 * A device: its own identifier, a serial number for example, and the secret that
 * Frame.io issued for its model.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError>
  /**
   * The version of the device's software, `2.0.0`, sent as `x-client-version` with every request to the authorization
   * server, as the vendor's examples do. Calls of the API are yours, and so is the header there.
   */
  readonly clientVersion?: string | undefined
}

/**
 * What a device asks for: to create assets, and a refresh token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const scopes: Scopes = ["asset_create", "offline"]

/**
 * The authorization server of devices, which is at the API's own origin.
 *
 * **Gotchas**
 *
 * A refresh token works once, and one that was spent is answered with
 * `invalid_request`, so that code ends a grant here. So does a 401 in the API's
 * own form; one with an OAuth error, `invalid_client`, is about the secret, and
 * the grant stays. A lost answer means pairing the device again.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServer: Layer.Layer<AuthorizationServer.AuthorizationServer> = Layer.suspend(() =>
  Provider.vendor(server({ login: "https://api.frame.io", api: "https://api.frame.io" }))
)

/**
 * A test server that looks like that of devices. Its grants have keys of their
 * own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServerLoopback = (
  options: { readonly origin: string }
): Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError> =>
  Provider.loopback("FrameIoC2c", options.origin, server)

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
  provider: "frameio-c2c",
  tokenEndpoint: `${origins.login}/v2/auth/token`,
  revocationEndpoint: `${origins.login}/v2/auth/revoke`,
  deviceAuthorizationEndpoint: `${origins.login}/v2/auth/device/code`,
  apiOrigins: [origins.api],
  dialect: {
    authorization: { offlineScope: "offline" },
    response: {
      defaultLifetime: Duration.hours(8),
      refreshTokenLifetime: Duration.days(14),
      grantEnded: ["invalid_grant", "invalid_request"]
    },
    // as every example and the reference of the vendor have it
    onRequest: (request) => Effect.succeed({ ...request, encoding: multipart }),
    onAnswer: withEnd
  },
  rotation: RotationPolicy.rotating()
})

const authentication = (options: Options): ClientAuthentication.Made => {
  const { clientVersion } = options
  if (clientVersion === undefined) return ClientAuthentication.post(options)
  if (!/^[\x21-\x7e]+$/.test(clientVersion)) {
    return Provider.invalid("FrameIoC2c", "clientVersion", "must be printable ASCII without spaces, like 2.0.0")
  }
  return Result.map(ClientAuthentication.post(options), ({ clientId, credentials }) => ({
    clientId,
    credentials: (endpoint: ClientAuthentication.Endpoint) =>
      Effect.map(credentials(endpoint), (carried) => ({
        ...carried,
        headers: { ...carried.headers, "x-client-version": Redacted.make(clientVersion) }
      }))
  }))
}

// To a renewal a 401 in the form of the API's errors says that the device must be paired again. It is no OAuth error, and
// would be taken for an answer that was lost.
const withEnd: OnAnswer = (answer, { endpoint, grantType }) =>
  endpoint === "token" && grantType === "refresh_token" && answer.status === 401 && isNotAuthorized(answer.body)
    ? { ...answer, status: 400, headers: json, body: new TextEncoder().encode(`{"error":"invalid_grant"}`) }
    : answer

const json = { "content-type": "application/json" }

const isNotAuthorized = (body: Uint8Array): boolean =>
  Option.isSome(decodeNotAuthorized(new TextDecoder().decode(body)))

const decodeNotAuthorized = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ code: Schema.Literal(401), error: Schema.optionalKey(Schema.Undefined) }))
)
