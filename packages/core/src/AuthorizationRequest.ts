/**
 * The authorization request: the address to which a login sends the browser
 * (RFC 6749, section 4.1.1; RFC 7636, section 4.3; RFC 8707, section 2.1; RFC
 * 9101, section 5; RFC 9126, section 4; RFC 9396, section 3; JARM, section 2.3).
 * Redirect URIs of native applications are checked by RFC 8252, sections 7 and 8.
 *
 * It is long because a request and what is remembered of it are two sides of
 * one thing: what one of them names, the answer is judged by in the other.
 *
 * @since 0.1.0
 */
import type * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AuthorizationDetails from "./AuthorizationDetails.ts"
import type { GrantKey } from "./GrantKey.ts"
import { endpointOf } from "./internal/authorizationOptions.ts"
import * as Rfc6749 from "./internal/rfc6749.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import * as OpenIdRequest from "./OpenIdRequest.ts"
import * as Pkce from "./Pkce.ts"
import * as Scopes from "./Scopes.ts"
import type { Parameters } from "./TokenRequest.ts"

/**
 * How a server's authorization endpoint deviates from the RFCs. {@link rfc6749}
 * deviates in nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  /** What separates scope tokens; a space. */
  readonly scopeSeparator: string
  /** Parameters that every request carries; a login may name others, or other values. */
  readonly parameters: Readonly<Record<string, string>>
  /**
   * `S256` (RFC 7636), or `none` where the server cannot. `insecure-plain` sends
   * the verifier itself as the challenge, which protects from nobody who sees the
   * request; it is for servers that have nothing else and insist.
   */
  readonly pkce: "S256" | "insecure-plain" | "none"
  /**
   * Whether the answer must name the issuer, may, or must not since the server
   * does not announce that it does (RFC 9207, section 2.4).
   */
  readonly issuer: "required" | "optional" | "refused"
  /**
   * Whether the request is pushed to the server first (RFC 9126): where the
   * server offers it, always, or never.
   */
  readonly pushed: "offered" | "required" | "never"
  /** Whether a request may be signed (RFC 9101), or must be. */
  readonly signed: "offered" | "required"
  /**
   * How the answer arrives: as parameters, or as one token that the server signs
   * (JARM), in the way that the server thinks fit or in the one that is named.
   */
  readonly responseMode: "plain" | "jwt" | "query.jwt" | "fragment.jwt" | "form_post.jwt"
  /**
   * What a redirect URI with a private-use scheme begins with: a domain name in
   * reverse (RFC 8252, section 7.1), or anything where the server hands the
   * schemes out.
   */
  readonly privateScheme: "reversed-domain" | "any"
  /**
   * What is sent as `redirect_uri` where the server wants a name that it gave to the address. The answer is still awaited
   * at the address that a login names, and at no other.
   */
  readonly redirectName?: string | undefined
  /** Whether the endpoint's address may hold a fragment: that of a page which reads the request behind its `#`. */
  readonly fragment: "refused" | "read"
  /** The value of `response_type`; `code`. */
  readonly responseType: string
  /** The server's names of parameters, by the RFC's. */
  readonly names: Readonly<Record<string, string>>
  /**
   * The scope that asks for a refresh token: `offline_access` (OpenID Connect Core, section 11). A login that asked for it
   * and got none says so.
   */
  readonly offlineScope: string
  /** `percent`, or `raw` where the server reads `+`, `,`, `:` and `/` in a scope only as they are. */
  readonly scopeEncoding: "percent" | "raw"
}

const Secret = Schema.RedactedFromValue(Schema.String)

/**
 * Schema of a pending authorization, to and from JSON.
 *
 * **Gotchas**
 *
 * The JSON form holds the code verifier in clear.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PendingAuthorization = Schema.Struct({
  /** The `state` parameter (RFC 6749, section 10.12). */
  state: Secret,
  /** The canonical id of the key under which the grant will be kept. */
  key: Schema.String,
  /** The issuer that the login was sent to, where it has one (RFC 9207). */
  issuer: Schema.optionalKey(Schema.String),
  /** Whether the answer must carry `iss`, may, or must not. */
  issuerParameter: Schema.Literals(["required", "optional", "refused"]),
  redirectUri: Schema.String,
  /** The PKCE code verifier (RFC 7636), where PKCE is used. */
  codeVerifier: Schema.optionalKey(Secret),
  nonce: Schema.optionalKey(Secret),
  /** Thumbprint of the DPoP key that the code is bound to (RFC 9449, section 10). */
  thumbprint: Schema.optionalKey(Schema.String),
  /** What was asked for. */
  scopes: Schema.Array(Schema.String),
  /** How long ago the person may have signed in, in seconds, where that was said. */
  maxAge: Schema.optionalKey(Schema.Finite),
  /** The authentication context classes of which one must be told, where that was said. */
  acr: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Where the tokens are to be used (RFC 8707), where that was said. */
  resources: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What was asked for in detail (RFC 9396), where it was. */
  authorizationDetails: Schema.optionalKey(Schema.RedactedFromValue(AuthorizationDetails.AuthorizationDetails)),
  /** Of a login that no browser is sent away for (OpenID Connect CIBA): what its server shows when it calls. */
  backchannel: Schema.optionalKey(Schema.Struct({
    /** The SHA-256 digest of the notification token, in base64url. */
    tokenDigest: Schema.String,
    /** Epoch milliseconds of the clock of who began it. */
    expiresAt: Schema.Finite,
    /** Milliseconds. */
    interval: Schema.Finite
  })),
  /** The answer must be signed (JARM). Absent: it must not be a token. */
  response: Schema.optionalKey(Schema.Literal("jwt")),
  /** The application's own, given back when the login completes. */
  context: Schema.optionalKey(Schema.Json)
})

/**
 * A login that was started and whose answer has not arrived: what a client has
 * to remember between sending a browser away and seeing it come back.
 *
 * @category models
 * @since 0.1.0
 */
export type PendingAuthorization = typeof PendingAuthorization.Type

/**
 * A login, ready to start: where to send the browser, and what to remember.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationRequest {
  /** The address, `state` included. */
  readonly url: string
  /** What the address carries, for a server to which it is pushed (RFC 9126). */
  readonly parameters: Parameters
  readonly pending: PendingAuthorization
}

/**
 * A request object (RFC 9101, section 5): by value or by reference, and not both.
 *
 * @category models
 * @since 0.1.0
 */
export type RequestObject =
  | { readonly request: Redacted.Redacted; readonly requestUri?: undefined }
  | { readonly request?: undefined; readonly requestUri: string }

/**
 * What a login needs.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The server's authorization endpoint; a query it has is kept. */
  readonly endpoint: string | undefined
  /** The server's issuer identifier, where it has one. */
  readonly issuer?: string | undefined
  readonly rules: Rules
  readonly clientId: string
  /** As registered; it is sent letter by letter. */
  readonly redirectUri: string
  readonly scopes: Scopes.Scopes
  /**
   * Where the tokens are to be used: absolute URIs, sent letter by letter (RFC
   * 8707). Name the most specific one that covers the API in use, and as few as
   * can be: a token for one resource is of no use to another.
   */
  readonly resources?: ReadonlyArray<string> | undefined
  /** What is asked for in detail (RFC 9396). */
  readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
  /** The types of details that the server knows, where it says so. */
  readonly authorizationDetailsTypes?: ReadonlyArray<string> | undefined
  /** The key under which the grant will be kept. */
  readonly key: GrantKey
  /** What OpenID Connect adds; it takes the scope `openid`. */
  readonly openid?: OpenIdRequest.Options | undefined
  /** Further parameters. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The application's own, given back when the login completes. It does not travel. */
  readonly context?: Schema.Json | undefined
  /** Thumbprint of the DPoP key that is to redeem the code (RFC 9449, section 10). */
  readonly thumbprint?: string | undefined
}

/**
 * The rules of the RFCs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Rules = Rfc6749.authorizationRequest

/**
 * Makes the request of one login. State, nonce and code verifier are 32 random
 * bytes each, fresh for every call.
 *
 * **Details**
 *
 * A `nonce` is sent where `openid` is asked for. Where `offline_access` is asked
 * for with it and nothing says how to prompt, the person is asked for consent
 * (OpenID Connect Core, section 11). Parameters without a value are left out:
 * `prompt: ""` says that none is wanted.
 *
 * **Gotchas**
 *
 * `parameters` name nothing that the protocol itself sends: such a request is
 * refused, not merged. A resource with a query is sent, and warned of.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<AuthorizationRequest, OAuthError.OAuthError, SecureRandom.SecureRandom | Digest.Digest> = Effect
  .fnUntraced(function*(options) {
    const { clientId, redirectUri, resources = [], rules, scopes } = options
    const endpoint = yield* failing(endpointOf(options))
    const openid = yield* failing(OpenIdRequest.parameters(scopes, options.openid))
    if (rules.privateScheme === "reversed-domain" && ambiguous.test(redirectUri)) {
      yield* Effect.logWarning(
        "A redirect URI with a private-use scheme has one slash after it (RFC 8252, section 7.1)",
        redirectUri
      )
    }
    for (const resource of resources.filter((uri) => uri.includes("?"))) {
      yield* Effect.logWarning(
        "A resource has no query, unless it must (RFC 8707, section 2)",
        resource.replace(/\?.*/, "")
      )
    }
    const details = yield* failing(
      AuthorizationDetails.parameters(options.authorizationDetails, options.authorizationDetailsTypes)
    )
    const state = yield* randomText
    const nonce = scopes.includes("openid") ? yield* randomText : undefined
    const pkce = yield* pkceOf[rules.pkce]

    const protocol = {
      response_type: rules.responseType,
      client_id: clientId,
      redirect_uri: rules.redirectName ?? redirectUri,
      scope: Scopes.toString(scopes, rules.scopeSeparator),
      state,
      ...(nonce === undefined ? {} : { nonce }),
      ...(pkce === undefined ? {} : { code_challenge: pkce.challenge, code_challenge_method: pkce.method }),
      ...(options.thumbprint === undefined ? {} : { dpop_jkt: options.thumbprint }),
      ...(rules.responseMode === "plain" ? {} : { response_mode: rules.responseMode })
    }
    const parameters = [
      ...Object.entries({ ...protocol, ...openid.usual, ...rules.parameters, ...openid.asked, ...options.parameters }),
      ...resources.map((resource) => ["resource", resource] as const),
      ...details
    ].filter(([, value]) => value !== "")
    return {
      url: withQuery(endpoint, parameters, rules),
      parameters,
      pending: {
        state: Redacted.make(state),
        key: options.key.id,
        ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
        issuerParameter: rules.issuer,
        redirectUri,
        ...(pkce === undefined ? {} : { codeVerifier: pkce.verifier }),
        ...(nonce === undefined ? {} : { nonce: Redacted.make(nonce) }),
        ...(options.thumbprint === undefined ? {} : { thumbprint: options.thumbprint }),
        scopes,
        ...(openid.maxAge === undefined ? {} : { maxAge: openid.maxAge }),
        ...(openid.acr === undefined ? {} : { acr: openid.acr }),
        ...(resources.length === 0 ? {} : { resources }),
        ...(rules.responseMode === "plain" ? {} : { response: "jwt" }),
        ...(options.authorizationDetails === undefined || details.length === 0
          ? {}
          : { authorizationDetails: Redacted.make(options.authorizationDetails) }),
        ...(options.context === undefined ? {} : { context: options.context })
      }
    }
  })

/**
 * The address of a request that was pushed: beside what the endpoint's own query
 * holds, it names the client and the request, and nothing else (RFC 9126,
 * section 4).
 *
 * @category constructors
 * @since 0.1.0
 */
export const pushed = (
  endpoint: string,
  options: { readonly clientId: string; readonly requestUri: string }
): string => withQuery(endpoint, [["client_id", options.clientId], ["request_uri", options.requestUri]], rfc6749)

/**
 * The address of a request that is signed: it names the client and the object.
 * For OpenID Connect `response_type` and `scope` are repeated beside it, for its
 * servers demand them (OpenID Connect Core, section 6.1); nothing else is, and
 * nothing beside the object counts.
 *
 * **Details**
 *
 * A reference is a URN of the server's, or an `https` address of 512 ASCII
 * characters at most (RFC 9101, section 5.2).
 *
 * @category constructors
 * @since 0.1.0
 */
export const signed = (
  endpoint: string,
  parameters: Parameters,
  object: RequestObject
): Result.Result<string, OAuthError.OAuthError> => {
  const { requestUri } = object
  const problem = requestUri === undefined ? undefined : problemOfReference(requestUri)
  if (problem !== undefined) {
    return Result.fail(OAuthError.make(
      "AuthorizationRequest",
      "signed",
      new OAuthError.ConfigurationInvalid({ field: "requestUri", problem })
    ))
  }
  const plain = parameters.flatMap(([name, value]) => typeof value === "string" ? [[name, value] as const] : [])
  const isOpenId = plain.some(([name, value]) => name === "scope" && value.split(" ").includes("openid"))
  const outside = isOpenId ? ["client_id", "response_type", "scope"] : ["client_id"]
  return Result.succeed(withQuery(endpoint, [
    ...plain.filter(([name]) => outside.includes(name)),
    requestUri === undefined
      ? ["request", Redacted.value(object.request ?? Redacted.make(""))]
      : ["request_uri", requestUri]
  ], rfc6749))
}

const problemOfReference = (uri: string): string | undefined => {
  if (!/^[\x21-\x7e]{1,512}$/.test(uri) || !URL.canParse(uri)) return "must be a URI of 512 ASCII characters at most"
  return uri.startsWith("urn:") || isPrivate(new URL(uri)) ? undefined : "must begin with https://, or be a URN"
}

const pkceOf = {
  S256: Pkce.make,
  "insecure-plain": Pkce.makeInsecurePlain,
  none: Effect.undefined
}

// what follows two slashes is a host, which some platforms drop and others compare
const ambiguous = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i

const failing = <A>(
  result: Result.Result<A, OAuthError.ConfigurationInvalid>
): Effect.Effect<A, OAuthError.OAuthError> =>
  Effect.mapError(Effect.fromResult(result), (reason) => OAuthError.make("AuthorizationRequest", "make", reason))

const randomText: Effect.Effect<string, never, SecureRandom.SecureRandom> = Effect.flatMap(
  SecureRandom.SecureRandom,
  (random) => Effect.map(random.randomBytes(32), Base64Url.encode)
)

const withQuery = (
  endpoint: string,
  parameters: ReadonlyArray<readonly [string, string]>,
  { names, scopeEncoding }: Pick<Rules, "names" | "scopeEncoding">
): string => {
  const query = parameters.map(([name, value]) => {
    // a space as %20 is read alike by servers that decode forms and by those that decode URLs
    const text = new URLSearchParams([[names[name] ?? name, value]]).toString().replaceAll("+", "%20")
    return name === "scope" && scopeEncoding === "raw" ? text.replaceAll(/%2[BCF]|%3A/g, decodeURIComponent) : text
  }).join("&")
  const joint = !endpoint.includes("?") ? "?" : /[?&]$/.test(endpoint) ? "" : "&"
  return endpoint + joint + query
}
