/**
 * What an authorization server says about itself (RFC 8414; OpenID Connect
 * Discovery 1.0).
 *
 * @since 0.1.0
 */
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Json, JsonObject } from "effect/Schema"
import type * as AuthorizationServer from "./AuthorizationServer.ts"
import * as Exchange from "./internal/exchange.ts"
import { isJson, member, parseObject } from "./internal/json.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import type { Answer } from "./TokenResponse.ts"
import * as TokenResponse from "./TokenResponse.ts"

/**
 * The metadata of one server, checked: the issuer is the one that was asked for,
 * every address is private in transit. A list without elements counts as absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metadata {
  readonly issuer: string
  readonly authorizationEndpoint?: string | undefined
  readonly tokenEndpoint?: string | undefined
  readonly revocationEndpoint?: string | undefined
  readonly introspectionEndpoint?: string | undefined
  readonly deviceAuthorizationEndpoint?: string | undefined
  readonly userinfoEndpoint?: string | undefined
  readonly jwksUri?: string | undefined
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  readonly responseTypesSupported?: ReadonlyArray<string> | undefined
  readonly grantTypesSupported?: ReadonlyArray<string> | undefined
  readonly codeChallengeMethodsSupported?: ReadonlyArray<string> | undefined
  /** Absent means `client_secret_basic` (RFC 8414, section 2). */
  readonly tokenEndpointAuthMethodsSupported?: ReadonlyArray<string> | undefined
  /** Whether authorization responses carry `iss` (RFC 9207, section 3). */
  readonly issParameterSupported: boolean
  /** The whole document, members that are not known here included. */
  readonly members: JsonObject
}

/**
 * The metadata of authorization servers.
 *
 * @category services
 * @since 0.1.0
 */
export class ServerMetadata extends Context.Service<ServerMetadata, {
  /**
   * The metadata of the server with this issuer identifier. Callers at the same
   * time share one request; what it gave is kept for `timeToLive`, and a failure
   * for {@link failureTimeToLive}.
   */
  readonly get: (issuer: string) => Effect.Effect<Metadata, OAuthError.OAuthError>
}>()("@effect-oauth/core/ServerMetadata") {}

/**
 * How long metadata is kept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** An hour unless said otherwise, and a day at most, whatever the server allows. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * How long a failure is kept: long enough to answer all who ask now, too short
 * to be noticed by who asks again.
 *
 * @category models
 * @since 0.1.0
 */
export const failureTimeToLive: Duration.Duration = Duration.seconds(3)

/**
 * Makes a reader of metadata by `https`.
 *
 * **Details**
 *
 * Both addresses are tried: that of RFC 8414, and where there is no document
 * that of OpenID Connect Discovery (RFC 8414, section 5). A document that fails
 * a check is used in no part, and nothing else is tried in its place.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Effect.Effect<ServerMetadata["Service"], never, OAuthHttpClient> =>
  makeWith((url) => url.protocol === "https:", options)

/**
 * Makes a reader of metadata that also accepts plain `http` on this machine, for
 * tests and trials.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeLoopback = (options?: Options): Effect.Effect<ServerMetadata["Service"], never, OAuthHttpClient> =>
  makeWith(isPrivate, options)

/**
 * Reads metadata by `https`.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ServerMetadata, never, OAuthHttpClient> = Layer.effect(
  ServerMetadata,
  Effect.suspend(make)
)

/**
 * Reads metadata by `https`, or by plain `http` on this machine.
 *
 * @see {@link makeLoopback}
 * @category layers
 * @since 0.1.0
 */
export const layerLoopback: Layer.Layer<ServerMetadata, never, OAuthHttpClient> = Layer.effect(
  ServerMetadata,
  Effect.suspend(makeLoopback)
)

/**
 * What metadata gives to describe an `AuthorizationServer`: its addresses, and
 * whether its answers to a login name the issuer. Fails where there is no token
 * endpoint.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toOptions = (
  self: Metadata
): Result.Result<Omit<AuthorizationServer.Options, "provider">, OAuthError.OAuthError> => {
  const { issuer, tokenEndpoint } = self
  if (tokenEndpoint === undefined) {
    return Result.fail(OAuthError.make(
      "ServerMetadata",
      "toOptions",
      new OAuthError.MetadataInvalid({ issuer, problem: "missing", field: "token_endpoint" })
    ))
  }
  return Result.succeed({
    issuer,
    tokenEndpoint,
    authorizationEndpoint: self.authorizationEndpoint,
    revocationEndpoint: self.revocationEndpoint,
    introspectionEndpoint: self.introspectionEndpoint,
    deviceAuthorizationEndpoint: self.deviceAuthorizationEndpoint,
    userinfoEndpoint: self.userinfoEndpoint,
    dialect: { authorization: { issuer: self.issParameterSupported ? "required" : "optional" } }
  })
}

const makeWith = Effect.fnUntraced(function*(
  allowed: (url: URL) => boolean,
  options: Options | undefined
): Effect.fn.Return<ServerMetadata["Service"], never, OAuthHttpClient> {
  const client = yield* OAuthHttpClient
  const timeToLive = Duration.min(Duration.fromInputUnsafe(options?.timeToLive ?? "1 hour"), Duration.days(1))

  const read = Effect.fnUntraced(function*(issuer: string): Effect.fn.Return<Metadata, OAuthError.OAuthErrorReason> {
    for (const url of yield* Effect.fromResult(addresses(issuer, allowed))) {
      const request = HttpClientRequest.get(url, { acceptJson: true })
      const outcome = yield* Exchange.once(client, request, { field: "issuer" })
      if (outcome._tag !== "Answer") {
        if (outcome.reason._tag === "RedirectRefused" && !outcome.reason.followed) continue
        return yield* Effect.fail(outcome.reason)
      }
      const document = documentOf(outcome.answer)
      if (document !== undefined) return yield* Effect.fromResult(metadataOf(document, issuer, allowed))
      const { status } = outcome.answer
      if (status < 500 && status !== 408 && status !== 429) continue
      const judgement = TokenResponse.judge(outcome.answer)
      if (judgement._tag !== "Granted") return yield* Effect.fail(judgement.reason)
    }
    return yield* new OAuthError.MetadataInvalid({ issuer, problem: "not-found" })
  })

  const cache = yield* Cache.makeWith((issuer: string) => read(issuer), {
    capacity: 256,
    timeToLive: (exit) => Exit.isSuccess(exit) ? timeToLive : failureTimeToLive
  })

  return ServerMetadata.of({
    get: Effect.fn("ServerMetadata.get")(function*(issuer) {
      yield* Effect.annotateCurrentSpan("oauth.issuer", issuer)
      return yield* Cache.get(cache, issuer).pipe(
        Effect.mapError((reason) => OAuthError.make("ServerMetadata", "get", reason))
      )
    })
  })
})

const addresses = (
  issuer: string,
  allowed: (url: URL) => boolean
): Result.Result<ReadonlyArray<string>, OAuthError.ConfigurationInvalid> => {
  const invalid = (problem: string) => Result.fail(new OAuthError.ConfigurationInvalid({ field: "issuer", problem }))
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  if (url === undefined) return invalid("is not an absolute URL")
  if (/[?#]/.test(issuer)) return invalid("must contain neither a query nor a fragment")
  if (url.username !== "" || url.password !== "") return invalid("must not contain a user name or password")
  if (!allowed(url)) return invalid("must begin with https://")
  const path = url.pathname.replace(/\/$/, "")
  return Result.succeed([
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}${path}/.well-known/openid-configuration`
  ])
}

const documentOf = ({ body, headers, status }: Answer): JsonObject | undefined => {
  const parsed = status === 200 && isJson(headers["content-type"]) ? parseObject(body) : "not-json"
  return typeof parsed === "string" ? undefined : parsed
}

const metadataOf = (
  document: JsonObject,
  issuer: string,
  allowed: (url: URL) => boolean
): Result.Result<Metadata, OAuthError.MetadataInvalid> => {
  const invalid = (problem: OAuthError.MetadataInvalid["problem"], field: string) =>
    Result.fail(new OAuthError.MetadataInvalid({ issuer, problem, field }))

  const address = (name: string): Result.Result<string | undefined, OAuthError.MetadataInvalid> => {
    const value = member(document, name)
    if (value === undefined) return Result.succeed(undefined)
    if (typeof value !== "string" || !URL.canParse(value) || value.includes("#")) return invalid("wrong-type", name)
    return allowed(new URL(value)) ? Result.succeed(value) : invalid("insecure-url", name)
  }
  const list = (name: string): Result.Result<ReadonlyArray<string> | undefined, OAuthError.MetadataInvalid> => {
    const value = member(document, name)
    if (value === undefined) return Result.succeed(undefined)
    if (!isTexts(value)) return invalid("wrong-type", name)
    return Result.succeed(value.length === 0 ? undefined : value)
  }

  return Result.gen(function*() {
    const said = member(document, "issuer")
    // letter by letter: an issuer is a name, and not normalised (RFC 8414, sections 3.3 and 4)
    if (said !== issuer) return yield* invalid(said === undefined ? "missing" : "issuer-mismatch", "issuer")
    const iss = member(document, "authorization_response_iss_parameter_supported") ?? false
    if (typeof iss !== "boolean") {
      return yield* invalid("wrong-type", "authorization_response_iss_parameter_supported")
    }
    return {
      issuer,
      authorizationEndpoint: yield* address("authorization_endpoint"),
      tokenEndpoint: yield* address("token_endpoint"),
      revocationEndpoint: yield* address("revocation_endpoint"),
      introspectionEndpoint: yield* address("introspection_endpoint"),
      deviceAuthorizationEndpoint: yield* address("device_authorization_endpoint"),
      userinfoEndpoint: yield* address("userinfo_endpoint"),
      jwksUri: yield* address("jwks_uri"),
      scopesSupported: yield* list("scopes_supported"),
      responseTypesSupported: yield* list("response_types_supported"),
      grantTypesSupported: yield* list("grant_types_supported"),
      codeChallengeMethodsSupported: yield* list("code_challenge_methods_supported"),
      tokenEndpointAuthMethodsSupported: yield* list("token_endpoint_auth_methods_supported"),
      issParameterSupported: iss,
      members: document
    }
  })
}

const isTexts = (value: Json): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((element) => typeof element === "string")
