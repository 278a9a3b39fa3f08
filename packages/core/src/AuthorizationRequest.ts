/**
 * The authorization request: the address to which a login sends the browser
 * (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
 *
 * @since 0.1.0
 */
import type * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { GrantKey } from "./GrantKey.ts"
import { isLoopback } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import * as Pkce from "./Pkce.ts"
import * as Scopes from "./Scopes.ts"

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
  /** `S256` (RFC 7636), or `none` where the server cannot. */
  readonly pkce: "S256" | "none"
  /** Whether the answer must name the issuer (RFC 9207). */
  readonly issuer: "required" | "optional"
  /** The value of `response_type`; `code`. */
  readonly responseType: string
  /** The server's names of parameters, by the RFC's. */
  readonly names: Readonly<Record<string, string>>
  /** `percent`, or `raw` where the server reads `+`, `,`, `:` and `/` in a scope only as they are. */
  readonly scopeEncoding: "percent" | "raw"
}

/**
 * The rules of RFC 6749 and RFC 7636.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Rules = {
  scopeSeparator: " ",
  parameters: {},
  pkce: "S256",
  issuer: "optional",
  responseType: "code",
  names: {},
  scopeEncoding: "percent"
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
  /** Whether the answer must carry `iss`. */
  issuerRequired: Schema.Boolean,
  redirectUri: Schema.String,
  /** The PKCE code verifier (RFC 7636), where PKCE is used. */
  codeVerifier: Schema.optionalKey(Secret),
  nonce: Schema.optionalKey(Secret),
  /** What was asked for. */
  scopes: Schema.Array(Schema.String),
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
  readonly pending: PendingAuthorization
}

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
  /** The key under which the grant will be kept. */
  readonly key: GrantKey
  /** Further parameters, `prompt` or `login_hint` for example. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The application's own, given back when the login completes. It does not travel. */
  readonly context?: Schema.Json | undefined
}

/**
 * Makes the request of one login. State, nonce and code verifier are 32 random
 * bytes each, fresh for every call.
 *
 * **Details**
 *
 * A `nonce` is sent where `openid` is asked for. Parameters without a value are
 * left out.
 *
 * **Gotchas**
 *
 * `parameters` name nothing that the protocol itself sends: such a request is
 * refused, not merged.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<AuthorizationRequest, OAuthError.OAuthError, SecureRandom.SecureRandom | Digest.Digest> = Effect
  .fnUntraced(function*(options) {
    const { clientId, redirectUri, rules, scopes } = options
    const endpoint = yield* check(options)
    const state = yield* randomText
    const nonce = scopes.includes("openid") ? yield* randomText : undefined
    const pkce = rules.pkce === "S256" ? yield* Pkce.make : undefined

    const protocol = {
      response_type: rules.responseType,
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: Scopes.toString(scopes, rules.scopeSeparator),
      state,
      ...(nonce === undefined ? {} : { nonce }),
      ...(pkce === undefined ? {} : { code_challenge: pkce.challenge, code_challenge_method: "S256" })
    }
    return {
      url: withQuery(endpoint, { ...protocol, ...rules.parameters, ...options.parameters }, rules),
      pending: {
        state: Redacted.make(state),
        key: options.key.id,
        ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
        issuerRequired: rules.issuer === "required",
        redirectUri,
        ...(pkce === undefined ? {} : { codeVerifier: pkce.verifier }),
        ...(nonce === undefined ? {} : { nonce: Redacted.make(nonce) }),
        scopes,
        ...(options.context === undefined ? {} : { context: options.context })
      }
    }
  })

const check = (options: Options): Effect.Effect<string, OAuthError.OAuthError> => {
  const { clientId, endpoint, rules, scopes } = options
  if (endpoint === undefined) return invalid("authorizationEndpoint", "is missing; this server has no browser login")
  if (!URL.canParse(endpoint)) return invalid("authorizationEndpoint", "is not an absolute URL")
  if (endpoint.includes("#")) return invalid("authorizationEndpoint", "must not contain a fragment")
  if (clientId === "") return invalid("clientId", "is empty")
  if (rules.issuer === "required" && options.issuer === undefined) {
    return invalid("issuer", "is missing, though the answer must name it")
  }
  const unusable = scopes.find((scope) => !Scopes.isScopeToken(scope))
  if (unusable !== undefined) {
    return invalid("scopes", "holds a scope that is not printable ASCII without space, \" and \\")
  }
  const redirectUriProblem = problemOfRedirectUri(options.redirectUri)
  if (redirectUriProblem !== undefined) return invalid("redirectUri", redirectUriProblem)
  const there = new URL(endpoint).searchParams
  for (const name of Object.keys({ ...rules.parameters, ...options.parameters })) {
    if (!parameterName.test(name)) {
      return invalid("parameters", "holds a name with other than letters, digits, -, . and _")
    }
    if (reserved.has(name)) return invalid("parameters", `must not name ${name}, which the protocol sends`)
    if (there.has(name)) return invalid("parameters", `must not name ${name}, which the endpoint's address holds`)
  }
  const clash = [...reserved].find((name) => there.has(name))
  return clash === undefined
    ? Effect.succeed(endpoint)
    : invalid("authorizationEndpoint", `must not hold the parameter ${clash}, which the protocol sends`)
}

const problemOfRedirectUri = (text: string): string | undefined => {
  // the parser removes white space and control characters, and the server compares letter by letter
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(text) || !URL.canParse(text)) return "is not an absolute URL"
  if (text.includes("#")) return "must not contain a fragment"
  const url = new URL(text)
  if (url.protocol === "http:" && !isLoopback(url)) {
    return "must begin with https://; plain http is accepted for this machine only"
  }
  return unsafeScheme.test(url.protocol) ? "has a scheme that cannot receive an answer" : undefined
}

const unsafeScheme = /^(about|blob|data|file|javascript|vbscript|ws|wss):$/

const parameterName = /^[A-Za-z0-9\-._]+$/

// what this module sends, and what would change how the rest is read (RFC 9101, RFC 9126, JARM)
const reserved: ReadonlySet<string> = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "request",
  "request_uri",
  "client_secret",
  "client_assertion"
])

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("AuthorizationRequest", "make", new OAuthError.ConfigurationInvalid({ field, problem })))

const randomText: Effect.Effect<string, never, SecureRandom.SecureRandom> = Effect.flatMap(
  SecureRandom.SecureRandom,
  (random) => Effect.map(random.randomBytes(32), Base64Url.encode)
)

const withQuery = (
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
  { names, scopeEncoding }: Rules
): string => {
  const query = Object.entries(parameters).filter(([, value]) => value !== "").map(([name, value]) => {
    // a space as %20 is read alike by servers that decode forms and by those that decode URLs
    const text = new URLSearchParams([[names[name] ?? name, value]]).toString().replaceAll("+", "%20")
    return name === "scope" && scopeEncoding === "raw" ? text.replaceAll(/%2[BCF]|%3A/g, decodeURIComponent) : text
  }).join("&")
  const joint = !endpoint.includes("?") ? "?" : /[?&]$/.test(endpoint) ? "" : "&"
  return endpoint + joint + query
}
