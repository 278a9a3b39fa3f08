/**
 * The authorization response: what a browser brings back to the redirect URI,
 * judged before any of it is believed (RFC 6749, sections 4.1.2 and 10.12; RFC
 * 9207; JARM, section 2).
 *
 * It arrives through the hands of the person, of whatever runs in the browser
 * and of whoever makes it send requests. So it is read with care for its shape
 * alone, then compared with the login that was started, and only then read for
 * what it says.
 *
 * A server may send its answer as one signed token instead (JARM). Of that
 * nothing is read before a `JwtVerifier` has verified it.
 *
 * @since 0.1.0
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import type { PendingAuthorization } from "./AuthorizationRequest.ts"
import { member, parseObject } from "./internal/json.ts"
import { without } from "./internal/quotation.ts"
import * as Parameters from "./internal/responseParameters.ts"
import * as Rfc6749 from "./internal/rfc6749.ts"
import { sameText } from "./internal/text.ts"
import * as OAuthError from "./OAuthError.ts"
import * as RemoteText from "./RemoteText.ts"

/**
 * How a server's answers deviate from the RFCs. {@link rfc6749} deviates in
 * nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  /** The server's names of parameters, by the RFC's. */
  readonly names: Readonly<Record<string, string>>
  /** Other parameters to keep with the grant. They must not be secret. */
  readonly keep: ReadonlyArray<string>
}

/**
 * An answer as it arrived: well-formed, and not believed in anything.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationResponse {
  /** By what name to look for the login that was started. */
  readonly state: Redacted.Redacted | undefined
  /** The answer as a token (JARM), in place of everything else: {@link fromClaims} reads what it holds. */
  readonly jwt?: Redacted.Redacted | undefined
  /** What {@link judge} reads. */
  readonly received: Redacted.Redacted<Received>
}

/**
 * The parts of an answer: its parameters, and the address at which it arrived
 * where that is known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received {
  readonly parameters: ReadonlyMap<string, string>
  /** As it arrived, without the fragment. */
  readonly url?: string | undefined
  /** The parameters are those of a token that was verified (JARM). */
  readonly signed?: true | undefined
}

/**
 * An answer that holds: the code, and the other parameters that came with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorized {
  readonly code: Redacted.Redacted
  /** What the protocol does not define; some servers name a tenant or a host here. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * The rules of RFC 6749.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Rules = Rfc6749.authorizationResponse

/**
 * Reads the address at which the browser arrived, as it was requested.
 *
 * **Gotchas**
 *
 * Behind a proxy put it together from the configured origin and the request's
 * own path and query. `Host` and `X-Forwarded-*` are the sender's words, and
 * the redirect URI is compared with this address.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUrl = (
  url: string,
  rules: Rules = rfc6749
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> => {
  if (url.length > maxLength || !URL.canParse(url)) return rejected("fromUrl", "malformed")
  const hash = url.indexOf("#")
  const arrived = hash === -1 ? url : url.slice(0, hash)
  // of what comes in a fragment, a signed answer is read
  if (hash !== -1 && url.startsWith("#response=", hash) && queryOf(arrived) === "") {
    return parse("fromUrl", url.slice(hash + 1), rules, arrived)
  }
  if (hash !== -1 && inFragment.test(url.slice(hash))) return rejected("fromUrl", "unsupported-response")
  return parse("fromUrl", queryOf(arrived), rules, arrived)
}

/**
 * Reads a query, with or without its question mark, or the body of a
 * `form_post` answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromQuery = (
  text: string,
  rules: Rules = rfc6749
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> =>
  text.length > maxLength ? rejected("fromQuery", "malformed") : parse("fromQuery", text.replace(/^\?/, ""), rules)

/**
 * The answer that a signed token holds, once it is verified: `claims` are the
 * token's (JARM, section 2.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromClaims = (
  self: AuthorizationResponse,
  claims: JsonObject
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> => {
  const parameters = new Map<string, string>()
  for (const name of Object.keys(claims)) {
    const value = member(claims, name)
    if (value === undefined || ofTheToken.has(name)) continue
    if (typeof value === "string") {
      if (!Parameters.isClean(name, value)) return rejected("fromClaims", "malformed", Parameters.known(name))
      parameters.set(name, value)
    } else if (Parameters.known(name) !== undefined) return rejected("fromClaims", "malformed", Parameters.known(name))
  }
  return Result.succeed(answerOf({ parameters, url: Redacted.value(self.received).url, signed: true }))
}

/**
 * The `state` that an answer shows, a signed one too: to find out whose login it
 * answers, and for nothing else. Nothing has been verified.
 *
 * @category getters
 * @since 0.1.0
 */
export const shownState = (query: string): Redacted.Redacted | undefined => {
  const read = fromQuery(query)
  if (Result.isFailure(read)) return undefined
  const { jwt, state } = read.success
  if (jwt === undefined) return state
  const payload = Base64Url.decode(Redacted.value(jwt).split(".")[1] ?? "")
  const claims = Result.isSuccess(payload) ? parseObject(payload.success) : undefined
  const shown = claims === undefined || typeof claims === "string" ? undefined : member(claims, "state")
  return typeof shown === "string" && shown !== "" ? Redacted.make(shown) : undefined
}

/**
 * Judges an answer by the login that was started.
 *
 * **Details**
 *
 * In this order: `state`, compared in constant time; the redirect URI, letter
 * by letter, where the address of arrival is known; `iss`, as a plain string,
 * and required where the server announces it. Only an answer that passes is
 * read: an `error` becomes `AuthorizationRefused`, a `code` is the result.
 *
 * An `iss` that is the issuer's is accepted where the rules call it optional,
 * and rejected where they refuse it: there the server's metadata does not
 * announce it (RFC 9207, section 2.4). One that comes from a server without a
 * known issuer cannot be compared, and is ignored.
 *
 * **Gotchas**
 *
 * The pending authorization must have been taken, so that no second answer can
 * be judged by it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (
  self: AuthorizationResponse,
  pending: PendingAuthorization
): Result.Result<Authorized, OAuthError.OAuthError> => {
  const { parameters, signed, url } = Redacted.value(self.received)
  // what is in it has not been verified
  if (self.jwt !== undefined) return rejected("judge", "unsupported-response")
  if ((pending.response === "jwt") !== (signed === true)) {
    return rejected("judge", signed === true ? "unsupported-response" : "response-unsigned")
  }
  if (self.state === undefined || !sameText(Redacted.value(self.state), Redacted.value(pending.state))) {
    return rejected("judge", "state-mismatch")
  }
  if (url !== undefined && !arrivedAt(url, pending.redirectUri)) return rejected("judge", "redirect-uri-mismatch")
  const issuer = Parameters.present(parameters, "iss")
  if (issuer === undefined && pending.issuerParameter === "required") return rejected("judge", "issuer-missing")
  if (issuer !== undefined && pending.issuer !== undefined && issuer !== pending.issuer) {
    return rejected("judge", "issuer-mismatch")
  }
  // a signed answer always names it, whatever the server's metadata says of plain ones
  if (issuer !== undefined && pending.issuerParameter === "refused" && signed !== true) {
    return rejected("judge", "issuer-unexpected")
  }

  const error = Parameters.present(parameters, "error")
  if (error !== undefined) {
    const said = (text: string) => RemoteText.fromUnknown(without(text, Redacted.value(pending.state)))
    const code = said(error)
    if (code === undefined) return rejected("judge", "malformed", "error")
    const description = said(parameters.get("error_description") ?? "")
    return failed("judge", new OAuthError.AuthorizationRefused({ code, description }))
  }
  const code = Parameters.present(parameters, "code")
  if (code === undefined) return rejected("judge", "code-missing")
  if (!visible.test(code)) return rejected("judge", "malformed", "code")
  const others = [...parameters].filter(([name]) => Parameters.known(name) === undefined)
  return Result.succeed({ code: Redacted.make(code), parameters: new Map(others) })
}

const maxLength = 65_536

const parse = (
  method: string,
  query: string,
  rules: Rules,
  url?: string
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> => {
  const read = Parameters.parse(query, rules)
  if (Result.isFailure(read)) return rejected(method, read.failure.problem, read.failure.parameter)
  const parameters = read.success
  const jwt = Parameters.present(parameters, "response")
  if (jwt === undefined) return Result.succeed(answerOf({ parameters, url }))
  // beside it nothing counts, and nobody honest sends it
  if ([...parameters.keys()].some((name) => Parameters.known(name) !== undefined)) {
    return rejected(method, "unsupported-response")
  }
  return Result.succeed({ ...answerOf({ parameters: new Map(), url }), jwt: Redacted.make(jwt) })
}

const answerOf = (received: Received): AuthorizationResponse => {
  const state = Parameters.present(received.parameters, "state")
  return { state: state === undefined ? undefined : Redacted.make(state), received: Redacted.make(received) }
}

const queryOf = (url: string): string => {
  const mark = url.indexOf("?")
  return mark === -1 ? "" : url.slice(mark + 1)
}

// what is said of the token itself (RFC 7519, section 4.1)
const ofTheToken: ReadonlySet<string> = new Set(["aud", "exp", "iat", "jti", "nbf", "sub"])

const inFragment = /[#&](code|state|error|response|access_token|id_token)=/

// VSCHAR (RFC 6749, appendix A)
const visible = /^[\x20-\x7e]+$/

// what arrived is never normalised; the redirect URI also counts as a browser would write it
const arrivedAt = (url: string, redirectUri: string): boolean =>
  [redirectUri, ...(URL.canParse(redirectUri) ? [new URL(redirectUri).href] : [])].some((expected) =>
    url === expected || url.startsWith(expected + (expected.includes("?") ? "&" : "?"))
  )

const rejected = (method: string, problem: OAuthError.CallbackRejected["problem"], parameter?: string) =>
  failed(method, new OAuthError.CallbackRejected({ problem, parameter }))

const failed = (
  method: string,
  reason: OAuthError.OAuthErrorReason
): Result.Result<never, OAuthError.OAuthError> => Result.fail(OAuthError.make("AuthorizationResponse", method, reason))
