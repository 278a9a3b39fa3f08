/**
 * An authorization server: where it is and how it speaks. What a provider
 * package supplies, together with `ClientAuthentication`. Its endpoints are those
 * of RFC 6749 (section 3), RFC 7009, RFC 7662, RFC 8628 and RFC 9126, under the
 * issuer of RFC 8414 (section 2).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Dialect from "./Dialect.ts"
import * as GrantKey from "./GrantKey.ts"
import * as Durations from "./internal/durations.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import * as RotationPolicy from "./RotationPolicy.ts"

/**
 * The members of a description that are addresses.
 *
 * @category models
 * @since 0.1.0
 */
export const addressFields = [
  "issuer",
  "authorizationEndpoint",
  "tokenEndpoint",
  "refreshEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "deviceAuthorizationEndpoint",
  "pushedAuthorizationRequestEndpoint",
  "backchannelAuthenticationEndpoint",
  "registrationEndpoint",
  "userinfoEndpoint",
  "endSessionEndpoint",
  "jwksUri"
] as const

/**
 * What a constructor of this module gives: an authorization server, or what is
 * wrong with the options.
 *
 * @category models
 * @since 0.1.0
 */
export type Made = Result.Result<AuthorizationServer["Service"], OAuthError.OAuthError>

/**
 * What describes an authorization server. Only `provider` and `tokenEndpoint`
 * are required.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Omit<AuthorizationServer["Service"], "dialect" | "rotation" | "apiOrigins"> {
  readonly dialect?: Dialect.Deviations | undefined
  /** `RotationPolicy.unknown` unless declared. */
  readonly rotation?: RotationPolicy.RotationPolicy | undefined
  /** None unless named. */
  readonly apiOrigins?: ReadonlyArray<string> | undefined
}

/**
 * An authorization server.
 *
 * @category services
 * @since 0.1.0
 */
export class AuthorizationServer extends Context.Service<AuthorizationServer, {
  /** The provider's usual name, `"frameio"`. */
  readonly provider: string
  /** The issuer identifier (RFC 8414, section 2), where the server has one. */
  readonly issuer?: string | undefined
  readonly authorizationEndpoint?: string | undefined
  readonly tokenEndpoint: string
  /** Where refresh tokens are presented, where that is not the token endpoint. */
  readonly refreshEndpoint?: string | undefined
  readonly revocationEndpoint?: string | undefined
  readonly introspectionEndpoint?: string | undefined
  readonly deviceAuthorizationEndpoint?: string | undefined
  /** Where authorization requests are pushed (RFC 9126), where the server takes them. */
  readonly pushedAuthorizationRequestEndpoint?: string | undefined
  /** Where a person is asked on a device of their own (OpenID Connect CIBA), where the server can. */
  readonly backchannelAuthenticationEndpoint?: string | undefined
  /** Where clients with a certificate go instead, by the names of the metadata's members (RFC 8705, section 5). */
  readonly mtlsEndpointAliases?: Readonly<Record<string, string>> | undefined
  /** Where clients register (RFC 7591), where the server lets them. */
  readonly registrationEndpoint?: string | undefined
  readonly userinfoEndpoint?: string | undefined
  /** Where the person signs out (OpenID Connect RP-Initiated Logout). */
  readonly endSessionEndpoint?: string | undefined
  /** Where the keys are that the server signs with. */
  readonly jwksUri?: string | undefined
  /** What the server signs ID tokens with, `"RS256"`, where it says so. */
  readonly idTokenAlgorithms?: ReadonlyArray<string> | undefined
  /** What the server verifies request objects with (RFC 9101), `"ES256"`, where it says so. */
  readonly requestObjectAlgorithms?: ReadonlyArray<string> | undefined
  /** How the key of an encrypted request object may travel, `"RSA-OAEP-256"`, where the server says so. */
  readonly requestObjectEncryptionAlgorithms?: ReadonlyArray<string> | undefined
  /** What an encrypted request object may be encrypted with, `"A256GCM"`, where the server says so. */
  readonly requestObjectEncryptionMethods?: ReadonlyArray<string> | undefined
  /** What the server signs its answers to logins with (JARM), where it says so. */
  readonly authorizationResponseAlgorithms?: ReadonlyArray<string> | undefined
  /** The types of authorization details that the server knows (RFC 9396, section 10), where it says so. */
  readonly authorizationDetailsTypes?: ReadonlyArray<string> | undefined
  readonly dialect: Dialect.Dialect
  readonly rotation: RotationPolicy.RotationPolicy
  /** The algorithms of DPoP proofs that the server knows (RFC 9449, section 5.1), where it says so. */
  readonly dpopSigningAlgorithms?: ReadonlyArray<string> | undefined
  /**
   * How long a refresh token lives while it is not used, where the server's answers do not say and its documentation
   * does. A `GrantKeeper` renews before.
   */
  readonly idleLifetime?: Duration.Duration | undefined
  /**
   * The least time between two renewals of a grant for one target, where the server asks for one. It waits no longer
   * than a token lives.
   */
  readonly minInterval?: Duration.Duration | undefined
  /**
   * The claims of an ID token that fill places of the issuer, by the places' names, for servers whose tenants have
   * issuers of their own: `{ tenantid: "tid" }`.
   */
  readonly issuerClaims?: Readonly<Record<string, string>> | undefined
  /** The only origins that get the token. */
  readonly apiOrigins: ReadonlyArray<string>
  /** When the provider ends this server, where that is announced. */
  readonly endOfLife?: DateTime.Utc | undefined
}>()("@effect-oauth/core/AuthorizationServer") {}

/**
 * Makes an authorization server whose every address is `https`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Made => validated(options, (url) => url.protocol === "https:")

/**
 * Makes an authorization server on this machine, for tests and trials: plain
 * `http` is accepted for loopback addresses, and for no others.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeLoopback = (options: Options): Made => validated(options, isPrivate)

/**
 * The authorization servers of one application, each with an issuer of its own:
 * two that share one could be taken for each other by whoever mixes up their
 * answers (RFC 9207, section 4).
 *
 * @category constructors
 * @since 0.1.0
 */
export const distinct = (
  ...all: ReadonlyArray<Made>
): Result.Result<ReadonlyArray<AuthorizationServer["Service"]>, OAuthError.OAuthError> =>
  Result.flatMap(Result.all(all), (servers) => {
    const issuers = servers.flatMap(({ issuer }) => issuer ?? [])
    const shared = issuers.find((issuer, index) => issuers.indexOf(issuer) < index)
    return shared === undefined
      ? Result.succeed(servers)
      : refused("distinct", "issuer", `${shared} is that of two authorization servers; describe it once`)
  })

/**
 * The key of a grant of this server for a client and an account.
 *
 * @category getters
 * @since 0.1.0
 */
export const key = (
  self: AuthorizationServer["Service"],
  options: { readonly client: string; readonly account: string; readonly part?: string | undefined }
): GrantKey.GrantKey => {
  const token = new URL(self.tokenEndpoint)
  return GrantKey.make({ provider: self.provider, issuer: self.issuer ?? token.origin + token.pathname, ...options })
}

/**
 * Provides what a constructor made; wrong options fail here, before anything is
 * sent.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (made: Made): Layer.Layer<AuthorizationServer, OAuthError.OAuthError> =>
  Layer.effect(AuthorizationServer, Effect.fromResult(made))

const validated = (options: Options, allowed: (url: URL) => boolean): Made => {
  const invalid = (field: string, problem: string) => refused("make", field, problem)
  if (options.provider === "") return invalid("provider", "is empty; name the provider")
  const aliases = Object.entries(options.mtlsEndpointAliases ?? {}).map(([name, address]) =>
    [`mtlsEndpointAliases.${name}`, address] as const
  )
  for (const [field, text] of [...addressFields.map((field) => [field, options[field]] as const), ...aliases]) {
    if (text === undefined) continue
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined) return invalid(field, "is not an absolute URL")
    if (url.username !== "" || url.password !== "") return invalid(field, "must not contain a user name or password")
    const isPage = field === "authorizationEndpoint" && options.dialect?.authorization?.fragment === "read"
    if (text.includes("#") && !isPage) return invalid(field, "must not contain a fragment")
    if (url.searchParams.has("client_secret")) {
      return invalid(field, "must not hold client_secret; client authentication sends it")
    }
    if (!allowed(url)) return invalid(field, "must begin with https://")
  }
  for (const origin of options.apiOrigins ?? []) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    if (url === undefined || url.origin !== origin) {
      return invalid("apiOrigins", "must be origins, like https://api.example.com")
    }
    if (!allowed(url)) return invalid("apiOrigins", "must begin with https://")
  }
  if (new Set(options.apiOrigins).size < (options.apiOrigins ?? []).length) {
    return invalid("apiOrigins", "names an origin twice")
  }
  const dialect = Dialect.make(options.dialect ?? {})
  const problem = Dialect.problem(dialect)
  if (problem !== undefined) return invalid(`dialect.${problem.field}`, problem.problem)
  if (dialect.authorization.issuer === "required" && options.issuer === undefined) {
    return invalid("issuer", "is missing, though dialect.authorization.issuer says that answers name it")
  }
  if (dialect.authorization.pushed === "required" && options.pushedAuthorizationRequestEndpoint === undefined) {
    return invalid(
      "pushedAuthorizationRequestEndpoint",
      "is missing, though dialect.authorization.pushed says that requests are pushed"
    )
  }
  const rotation = options.rotation ?? RotationPolicy.unknown
  if (rotation._tag === "Rotating") {
    if (!Durations.isLasting(rotation.patience)) return invalid("rotation.patience", Durations.problem)
    if (rotation.window !== undefined && !Durations.isLasting(rotation.window.duration)) {
      return invalid("rotation.window.duration", Durations.problem)
    }
  }
  return Result.succeed({
    ...options,
    dialect,
    rotation,
    apiOrigins: options.apiOrigins ?? []
  })
}

const refused = (method: string, field: string, problem: string) =>
  Result.fail(OAuthError.make("AuthorizationServer", method, new OAuthError.ConfigurationInvalid({ field, problem })))
