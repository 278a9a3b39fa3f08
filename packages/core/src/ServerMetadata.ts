/**
 * What an authorization server says about itself (RFC 8414; OpenID Connect
 * Discovery 1.0, sections 3 and 4; OpenID Connect CIBA, section 4; RFC 8705,
 * section 5; RFC 9126, section 5; RFC 9207, section 3).
 *
 * Where a `MetadataVerifier` is in context, `signed_metadata` (RFC 8414, section
 * 2.1) is verified, and wins over the plain members. Without one the plain members
 * count.
 *
 * It is long because a server says so much of itself.
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
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import type * as AuthorizationServer from "./AuthorizationServer.ts"
import * as Exchange from "./internal/exchange.ts"
import * as MetadataDocument from "./internal/metadataDocument.ts"
import * as ServerDocument from "./internal/serverDocument.ts"
import * as SignedMetadata from "./internal/signedMetadata.ts"
import { isPrivate } from "./internal/url.ts"
import { MetadataVerifier } from "./MetadataVerifier.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
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
  readonly pushedAuthorizationRequestEndpoint?: string | undefined
  readonly backchannelAuthenticationEndpoint?: string | undefined
  /** Where clients register (RFC 7591). */
  readonly registrationEndpoint?: string | undefined
  readonly userinfoEndpoint?: string | undefined
  readonly endSessionEndpoint?: string | undefined
  readonly jwksUri?: string | undefined
  /** Where clients with a certificate go instead, by the names of the members (RFC 8705, section 5). */
  readonly mtlsEndpointAliases?: Readonly<Record<string, string>> | undefined
  readonly scopesSupported?: ReadonlyArray<string> | undefined
  readonly responseTypesSupported?: ReadonlyArray<string> | undefined
  readonly responseModesSupported?: ReadonlyArray<string> | undefined
  readonly grantTypesSupported?: ReadonlyArray<string> | undefined
  readonly subjectTypesSupported?: ReadonlyArray<string> | undefined
  readonly idTokenSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  readonly codeChallengeMethodsSupported?: ReadonlyArray<string> | undefined
  readonly tokenEndpointAuthMethodsSupported?: ReadonlyArray<string> | undefined
  readonly tokenEndpointAuthSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  readonly revocationEndpointAuthMethodsSupported?: ReadonlyArray<string> | undefined
  readonly revocationEndpointAuthSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  readonly introspectionEndpointAuthMethodsSupported?: ReadonlyArray<string> | undefined
  readonly introspectionEndpointAuthSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  /** The algorithms of DPoP proofs (RFC 9449, section 5.1). */
  readonly dpopSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  /** The algorithms of request objects (RFC 9101, section 10.5; OpenID Connect Discovery). */
  readonly requestObjectSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  readonly requestObjectEncryptionAlgValuesSupported?: ReadonlyArray<string> | undefined
  readonly requestObjectEncryptionEncValuesSupported?: ReadonlyArray<string> | undefined
  /** What authorization responses are signed with (JARM, section 3). */
  readonly authorizationSigningAlgValuesSupported?: ReadonlyArray<string> | undefined
  /** Whether the server takes no authorization request that is not signed (RFC 9101, section 10.5). */
  readonly requireSignedRequestObject: boolean
  /** The types of authorization details that the server knows (RFC 9396, section 10). */
  readonly authorizationDetailsTypesSupported?: ReadonlyArray<string> | undefined
  /** Whether authorization responses carry `iss` (RFC 9207, section 3). */
  readonly issParameterSupported: boolean
  /** Whether the server takes no authorization request that was not pushed (RFC 9126, section 5). */
  readonly requirePushedAuthorizationRequests: boolean
  /** The whole document, members that are not known here included. */
  readonly members: JsonObject
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
 * Metadata with what OpenID Connect needs of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenId extends Metadata {
  readonly jwksUri: string
  readonly idTokenSigningAlgValuesSupported: ReadonlyArray<string>
}

/**
 * How long metadata is kept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** An hour unless said otherwise, and a day at most, whatever the server allows. */
  readonly timeToLive?: Duration.Input | undefined
  /** How many servers' metadata is kept; 256. The one that was not asked for longest goes. */
  readonly capacity?: number | undefined
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
   *
   * A server whose tenants have issuers of their own has one with places, `https://as.example/{tenantid}`, which is no
   * address: its metadata is read `at` another one, `https://as.example/common`, and must name the issuer with its places,
   * letter by letter.
   */
  readonly get: (
    issuer: string,
    options?: { readonly at?: string | undefined }
  ) => Effect.Effect<Metadata, OAuthError.OAuthError>
}>()("@effect-oauth/core/ServerMetadata") {}

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
 * What a server supports, where its metadata says so, and what RFC 8414, section
 * 2, says of a server whose metadata does not.
 *
 * @category getters
 * @since 0.1.0
 */
export const supported = (self: Metadata): {
  readonly grantTypes: ReadonlyArray<string>
  readonly responseModes: ReadonlyArray<string>
  readonly tokenEndpointAuthMethods: ReadonlyArray<string>
  readonly revocationEndpointAuthMethods: ReadonlyArray<string>
} => ({
  grantTypes: self.grantTypesSupported ?? ["authorization_code", "implicit"],
  responseModes: self.responseModesSupported ?? ["query", "fragment"],
  tokenEndpointAuthMethods: self.tokenEndpointAuthMethodsSupported ?? ["client_secret_basic"],
  revocationEndpointAuthMethods: self.revocationEndpointAuthMethodsSupported ?? ["client_secret_basic"]
})

/**
 * The algorithms by which a client may sign its assertions at an endpoint.
 *
 * **Details**
 *
 * `none` is never among them. A server that takes signed assertions and does not
 * say by which algorithms fails with `MetadataInvalid` (RFC 8414, section 2):
 * name one yourself then.
 *
 * @category getters
 * @since 0.1.0
 */
export const signingAlgorithms = (
  self: Metadata,
  endpoint: "token" | "revocation" | "introspection" = "token"
): Result.Result<ReadonlyArray<string>, OAuthError.OAuthError> => {
  const listed = self[`${endpoint}EndpointAuthSigningAlgValuesSupported`]?.filter((name) => name !== "none") ?? []
  const signed = self[`${endpoint}EndpointAuthMethodsSupported`]?.some((method) => method.endsWith("_jwt")) === true
  return listed.length > 0 || !signed
    ? Result.succeed(listed)
    : missing("signingAlgorithms", self, `${endpoint}_endpoint_auth_signing_alg_values_supported`)
}

/**
 * The metadata of a server that speaks OpenID Connect: what OpenID Connect
 * Discovery, section 3, requires is there. Plain OAuth does not need it, so it
 * is asked for here and not when the document is read.
 *
 * **Gotchas**
 *
 * A server that does not list `RS256`, though it must, is accepted: what matters
 * is the algorithm that it uses.
 *
 * @category combinators
 * @since 0.1.0
 */
export const openid = (self: Metadata): Result.Result<OpenId, OAuthError.OAuthError> => {
  const { idTokenSigningAlgValuesSupported, jwksUri } = self
  if (self.authorizationEndpoint === undefined) return missing("openid", self, "authorization_endpoint")
  if (jwksUri === undefined) return missing("openid", self, "jwks_uri")
  if (self.responseTypesSupported === undefined) return missing("openid", self, "response_types_supported")
  if (self.subjectTypesSupported === undefined) return missing("openid", self, "subject_types_supported")
  if (idTokenSigningAlgValuesSupported === undefined) {
    return missing("openid", self, "id_token_signing_alg_values_supported")
  }
  return Result.succeed({ ...self, jwksUri, idTokenSigningAlgValuesSupported })
}

/**
 * What metadata gives to describe an `AuthorizationServer`: its addresses,
 * whether its answers to a login name the issuer, and whether requests are
 * pushed. Fails where there is no endpoint for what the server demands.
 *
 * **Details**
 *
 * A server that does not announce `iss` in its answers is not believed one that
 * has it (RFC 9207, section 2.4); `dialect.authorization.issuer: "optional"` says
 * otherwise.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toOptions = (
  self: Metadata
): Result.Result<Omit<AuthorizationServer.Options, "provider">, OAuthError.OAuthError> => {
  const { issuer, tokenEndpoint } = self
  if (tokenEndpoint === undefined) return missing("toOptions", self, "token_endpoint")
  if (self.requirePushedAuthorizationRequests && self.pushedAuthorizationRequestEndpoint === undefined) {
    return missing("toOptions", self, "pushed_authorization_request_endpoint")
  }
  return Result.succeed({
    issuer,
    tokenEndpoint,
    authorizationEndpoint: self.authorizationEndpoint,
    revocationEndpoint: self.revocationEndpoint,
    introspectionEndpoint: self.introspectionEndpoint,
    deviceAuthorizationEndpoint: self.deviceAuthorizationEndpoint,
    pushedAuthorizationRequestEndpoint: self.pushedAuthorizationRequestEndpoint,
    backchannelAuthenticationEndpoint: self.backchannelAuthenticationEndpoint,
    mtlsEndpointAliases: self.mtlsEndpointAliases,
    registrationEndpoint: self.registrationEndpoint,
    userinfoEndpoint: self.userinfoEndpoint,
    endSessionEndpoint: self.endSessionEndpoint,
    jwksUri: self.jwksUri,
    idTokenAlgorithms: self.idTokenSigningAlgValuesSupported,
    requestObjectAlgorithms: self.requestObjectSigningAlgValuesSupported,
    requestObjectEncryptionAlgorithms: self.requestObjectEncryptionAlgValuesSupported,
    requestObjectEncryptionMethods: self.requestObjectEncryptionEncValuesSupported,
    authorizationResponseAlgorithms: self.authorizationSigningAlgValuesSupported,
    authorizationDetailsTypes: self.authorizationDetailsTypesSupported,
    dpopSigningAlgorithms: self.dpopSigningAlgValuesSupported,
    dialect: {
      authorization: {
        issuer: self.issParameterSupported ? "required" : "refused",
        pushed: self.requirePushedAuthorizationRequests ? "required" : "offered",
        ...(self.requireSignedRequestObject ? { signed: "required" } : {})
      }
    }
  })
}

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

const missing = (method: string, { issuer }: Metadata, field: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(
    OAuthError.make("ServerMetadata", method, new OAuthError.MetadataInvalid({ issuer, problem: "missing", field }))
  )

const makeWith = Effect.fnUntraced(function*(
  allowed: (url: URL) => boolean,
  options: Options | undefined
): Effect.fn.Return<ServerMetadata["Service"], never, OAuthHttpClient> {
  const client = yield* OAuthHttpClient
  const verifier = Option.getOrUndefined(yield* Effect.serviceOption(MetadataVerifier))
  const timeToLive = Duration.min(Duration.fromInputUnsafe(options?.timeToLive ?? "1 hour"), Duration.days(1))

  const read = Effect.fnUntraced(function*(
    issuer: string,
    at: string
  ): Effect.fn.Return<Metadata, OAuthError.OAuthErrorReason> {
    for (const url of yield* Effect.fromResult(addresses(at, allowed))) {
      const request = HttpClientRequest.get(url, { acceptJson: true })
      const outcome = yield* Exchange.once(client, request, { field: "issuer" })
      if (outcome._tag !== "Answer") {
        if (outcome.reason._tag === "RedirectRefused" && !outcome.reason.followed) continue
        return yield* Effect.fail(outcome.reason)
      }
      const document = MetadataDocument.of(outcome.answer)
      if (typeof document !== "string") {
        const counts = yield* SignedMetadata.verified(document, verifier, { of: "server-metadata", issuer })
        return yield* Effect.fromResult(ServerDocument.metadataOf(counts, issuer, allowed))
      }
      const { status } = outcome.answer
      if (status < 500 && status !== 408 && status !== 429) continue
      const judgement = TokenResponse.judge(outcome.answer)
      if (judgement._tag !== "Granted") return yield* Effect.fail(judgement.reason)
    }
    return yield* new OAuthError.MetadataInvalid({ issuer, problem: "not-found" })
  })

  const cache = yield* Cache.makeWith((key: string) => {
    const [issuer = "", at = issuer]: ReadonlyArray<string> = JSON.parse(key)
    return read(issuer, at)
  }, {
    capacity: options?.capacity ?? 256,
    timeToLive: (exit) => Exit.isSuccess(exit) ? timeToLive : failureTimeToLive
  })

  return ServerMetadata.of({
    get: Effect.fn("ServerMetadata.get")(function*(issuer, { at } = {}) {
      yield* Effect.annotateCurrentSpan("oauth.issuer", issuer)
      return yield* Cache.get(cache, JSON.stringify(at === undefined ? [issuer] : [issuer, at])).pipe(
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
