/**
 * Answers of a token endpoint, judged (RFC 6749, sections 5.1 and 5.2; RFC 9396,
 * section 7).
 *
 * It is long because an answer is judged as a whole: what one member says
 * decides what becomes of the others.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type { Json, JsonObject } from "effect/Schema"
import type * as Types from "effect/Types"
import type { AuthorizationDetails } from "./AuthorizationDetails.ts"
import { fromJson } from "./internal/details.ts"
import { isJson, member, parseObject, settled } from "./internal/json.ts"
import {
  AnswerLost,
  type ConfigurationInvalid,
  type JwtInvalid,
  type KeyUnavailable,
  RedirectRefused,
  type RequestNotSent,
  RequestRefused,
  ResponseInvalid,
  ServerUnavailable,
  TokenTypeUnsupported
} from "./OAuthError.ts"
import * as RemoteText from "./RemoteText.ts"
import * as RetryAfter from "./RetryAfter.ts"
import * as Scopes from "./Scopes.ts"
import { tokenExchangeGrantType } from "./TokenRequest.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * How a server's answers deviate from the RFC. {@link rfc6749} deviates in nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  /** How `expires_in` is written: a JSON number, or also a string of decimal digits. */
  readonly expiresIn: "number" | "number-or-digits"
  /** What `expires_in: 0` means: a token that has expired, one whose lifetime is not told, or one that does not expire. */
  readonly expiresInZero: "expired" | "unknown" | "never"
  /** The lifetime of an access token where the answer does not tell. */
  readonly defaultLifetime?: Duration.Duration | undefined
  /** The token type where the answer does not tell; absent, such an answer is invalid. */
  readonly defaultTokenType?: string | undefined
  /** What separates scope tokens in an answer. */
  readonly scopeSeparator: string
  /** What a login may be granted, by what was asked for: anything, the same, nothing else, or that and more. */
  readonly scopePolicy: "any" | "exact" | "subset" | "superset"
  /** The lifetime of a refresh token where the answer does not tell. */
  readonly refreshTokenLifetime?: Duration.Duration | undefined
  /** The member that tells a refresh token's lifetime in seconds, where there is one. */
  readonly refreshTokenExpiresIn?: string | undefined
  /**
   * The member that tells in how many seconds the server wants the access token renewed, ahead of its end. It is advice:
   * what is no number of seconds is passed over.
   */
  readonly refreshIn?: string | undefined
  /** Other members to keep with the grant. They must not be secret. */
  readonly keep: ReadonlyArray<string>
  /** Members that are kept and name an origin of the API, which is this grant's own. */
  readonly apiOrigins: ReadonlyArray<string>
  /** The error codes that end a grant when a refresh token is presented. */
  readonly grantEnded: ReadonlyArray<string>
  /** Whether the server checks everything before it rotates, so that its 5xx answers spent nothing. */
  readonly errorsPrecedeRotation: boolean
}

/**
 * What became of a request to the token endpoint. Sending is not judging, and
 * judging is not keeping: what a judgement means for a grant is decided by
 * `TokenService`.
 *
 * - `Granted`: tokens.
 * - `Unusable`: a 2xx answer that fails a check, that of its ID token included. A well-formed refresh token in
 *   it is handed on, to be kept and released to nobody.
 * - `Refused`: an OAuth error; `endsGrant` when its code is one of `grantEnded`.
 * - `NotProcessed`: the server says that it did not process the request.
 * - `NotSent`: nothing reached the server.
 * - `Ambiguous`: sent, and no usable answer.
 *
 * @category models
 * @since 0.1.0
 */
export type Judgement =
  | { readonly _tag: "Granted"; readonly tokens: TokenSet }
  | {
    readonly _tag: "Unusable"
    readonly reason: JwtInvalid | ResponseInvalid | TokenTypeUnsupported
    readonly refreshToken?: Redacted.Redacted | undefined
    /** As in `TokenSet`. */
    readonly refreshTokenThumbprint?: string | undefined
  }
  | { readonly _tag: "Refused"; readonly reason: RequestRefused; readonly endsGrant: boolean }
  | { readonly _tag: "NotProcessed"; readonly reason: ServerUnavailable }
  | { readonly _tag: "NotSent"; readonly reason: RequestNotSent | ConfigurationInvalid | KeyUnavailable }
  | { readonly _tag: "Ambiguous"; readonly reason: AnswerLost | RedirectRefused }

/**
 * An answer as it arrived: read whole, within the size limit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly origin: string
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Whole, or empty where an answer that is no success could not be read to its end. */
  readonly body: Uint8Array
  /** Epoch milliseconds of this process's clock, taken before the request was sent. */
  readonly sentAt: number
  /** Takes what the request carried in secret out of a text of the server that quotes it. */
  readonly unquoted?: ((text: string) => string) | undefined
}

/**
 * The token type of what is no access token (RFC 8693, section 2.2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const notApplicable = "N_A"

/**
 * What was asked for.
 *
 * @category options
 * @since 0.1.0
 */
export interface Asked {
  readonly grantType?: string | undefined
  /**
   * The token types that can be used, in their canonical spelling; `Bearer`
   * unless the request was proven (RFC 9449, section 5).
   */
  readonly tokenTypes?: ReadonlyArray<string> | undefined
}

/**
 * The rules of RFC 6749.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Rules = {
  expiresIn: "number",
  expiresInZero: "expired",
  scopeSeparator: " ",
  scopePolicy: "any",
  keep: [],
  apiOrigins: [],
  grantEnded: ["invalid_grant"],
  errorsPrecedeRotation: false
}

/**
 * Judges an answer: pure, and total.
 *
 * **Details**
 *
 * - A `200` JSON object with everything in order is `Granted`.
 * - An `error` in a JSON object is `Refused`, whatever the status below 500 may
 *   be; `temporarily_unavailable` is `NotProcessed`, `server_error` is
 *   `Ambiguous`.
 * - Any other 2xx that looks like a token answer is `Unusable`: of the wrong
 *   status or content type, with a member missing or wrong, or with tokens *and*
 *   an error. A grant is never ended by an answer that brings tokens.
 * - 429 and 503 are `NotProcessed`, and so are 407 and 511, which come from
 *   between here and the server.
 * - 3xx, 408, any other 5xx, and whatever is no OAuth answer (a page, half a
 *   text) are `Ambiguous`. With `errorsPrecedeRotation` 408 and 5xx are
 *   `NotProcessed`. An OAuth error in a 5xx body decides nothing: a server that
 *   broke down while it answered may have rotated.
 *
 * Lifetimes are cut to ten years. Of two members of one name the last counts.
 *
 * The answer to a token exchange must also tell what was issued, and what was
 * issued may be no access token: of the token type `N_A` (RFC 8693, section
 * 2.2.1). No other grant knows that type.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (answer: Answer, rules: Rules = rfc6749, options: Asked = {}): Judgement => {
  const { headers, origin, status } = answer
  if (status >= 300 && status < 400) {
    return { _tag: "Ambiguous", reason: new RedirectRefused({ origin, followed: false, status }) }
  }
  if (notProcessed.has(status)) return unavailable(answer)

  const parsed = parseObject(answer.body)
  const object = typeof parsed === "string" ? undefined : parsed
  const success = status >= 200 && status < 300
  const error = object === undefined || !isJson(headers["content-type"]) || (success && hasToken(object))
    ? undefined
    : errorOf(object)
  if (error === "temporarily_unavailable") return unavailable(answer)
  if (status >= 500 || status === 408 || error === "server_error") {
    return rules.errorsPrecedeRotation ? unavailable(answer) : lost(answer, "status")
  }
  const code = said(error, answer)
  if (object !== undefined && error !== undefined && code !== undefined) {
    return {
      _tag: "Refused",
      reason: new RequestRefused({
        code,
        description: said(member(object, "error_description"), answer),
        uri: pageOf(member(object, "error_uri"), answer),
        ...(status === 401 ? challengeOf(answer) : {}),
        status
      }),
      endsGrant: rules.grantEnded.includes(error)
    }
  }
  return success ? judgeSuccess(answer, rules, options, parsed) : lost(answer, "status")
}

// the server did something, so what can be kept of its answer is kept
const judgeSuccess = (
  answer: Answer,
  rules: Rules,
  asked: Asked,
  parsed: ReturnType<typeof parseObject>
): Judgement => {
  const { headers, status } = answer
  const object = typeof parsed === "string" ? formOf(answer) : parsed
  const unusable = (reason: ResponseInvalid | TokenTypeUnsupported): Judgement => ({
    _tag: "Unusable",
    reason,
    refreshToken: object === undefined ? undefined : attempt(() => refreshTokenOf(object), nothing)
  })
  if (status !== 200) return unusable(new ResponseInvalid({ problem: "status", status }))
  if (!isJson(headers["content-type"])) {
    return object !== undefined && (hasToken(object) || errorOf(object) !== undefined)
      ? unusable(new ResponseInvalid({ problem: "content-type", status }))
      : lost(answer, "content-type")
  }
  if (parsed === "not-json") return lost(answer, "truncated")
  if (typeof parsed === "string") return unusable(new ResponseInvalid({ problem: parsed, status }))
  return attempt((): Judgement => ({ _tag: "Granted", tokens: tokensOf(parsed, answer, rules, asked) }), unusable)
}

const notProcessed: ReadonlySet<number> = new Set([407, 429, 503, 511])

const unavailable = ({ headers, origin, sentAt, status }: Answer): Judgement => ({
  _tag: "NotProcessed",
  reason: new ServerUnavailable({ origin, status, retryAfter: RetryAfter.fromHeaders(headers, { now: sentAt }) })
})

const lost = ({ origin, status }: Answer, problem: AnswerLost["problem"]): Judgement => ({
  _tag: "Ambiguous",
  reason: new AnswerLost({ problem, origin, status })
})

const errorOf = (object: JsonObject): string | undefined => {
  const error = member(object, "error")
  return typeof error === "string" && error !== "" ? error : undefined
}

const hasToken = (object: JsonObject): boolean =>
  ["access_token", "refresh_token"].some((name) => typeof member(object, name) === "string")

// a form is how some servers answer who does not ask for JSON; here it only tells that tokens were issued
const formOf = ({ body, headers }: Answer): JsonObject | undefined =>
  /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "")
    ? Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body)))
    : undefined

// a server's words, without what they quote of the request
const said = (text: Json | undefined, { unquoted }: Answer): RemoteText.RemoteText | undefined =>
  RemoteText.fromUnknown(typeof text === "string" && unquoted !== undefined ? unquoted(text) : text)

const challengeOf = (answer: Answer): { readonly challenge?: RemoteText.RemoteText } => {
  const challenge = said(answer.headers["www-authenticate"], answer)
  return challenge === undefined ? {} : { challenge }
}

// never opened by itself; anything but a web page is not even shown
const pageOf = (uri: Json | undefined, answer: Answer): RemoteText.RemoteText | undefined =>
  typeof uri === "string" && /^https?:\/\//i.test(uri) ? said(uri, answer) : undefined

// What is amiss is thrown by whoever reads a member, and caught here.
const attempt = <A, B>(read: () => A, orElse: (problem: ResponseInvalid | TokenTypeUnsupported) => B): A | B => {
  try {
    return read()
  } catch (error) {
    if (error instanceof ResponseInvalid || error instanceof TokenTypeUnsupported) return orElse(error)
    throw error
  }
}

const nothing = () => undefined

const tokensOf = (object: JsonObject, answer: Answer, rules: Rules, asked: Asked): TokenSet => {
  const error = member(object, "error")
  if (error !== undefined && error !== "") throw invalid(typeof error === "string" ? "mismatch" : "wrong-type", "error")
  const exchanged = asked.grantType === tokenExchangeGrantType
  const isAccessToken = !exchanged || member(object, "token_type") !== notApplicable
  // a SAML assertion, say, has characters that no header takes; it goes into none
  const accessToken = tokenOf(object, "access_token", isAccessToken ? oneWord : visible)
  if (accessToken === undefined) throw invalid("missing", "access_token")
  const lifetime = secondsOf(object, "expires_in", rules)
  const told = lifetime === 0 && rules.expiresInZero === "unknown" ? undefined : lifetime
  const expiresIn = told === undefined
    ? rules.defaultLifetime
    : told === 0 && rules.expiresInZero === "never"
    ? undefined
    : Duration.seconds(told)
  const { refreshIn, refreshTokenExpiresIn: expiry } = rules
  const advised = refreshIn === undefined
    ? undefined
    : attempt(() => secondsOf(object, refreshIn, rules), nothing)
  const refreshToken = refreshTokenOf(object)
  const refreshLifetime = expiry === undefined ? undefined : secondsOf(object, expiry, rules)
  // nobody issues a refresh token that has expired: zero is how servers write "does not expire"
  const refreshTokenExpiresIn = refreshLifetime ? Duration.seconds(refreshLifetime) : rules.refreshTokenLifetime
  const scopes = scopesOf(object, rules)
  const idToken = tokenOf(object, "id_token", visible)
  const authorizationDetails = detailsOf(object)
  const issuedTokenType = exchanged ? textOf(object, "issued_token_type", visible) : undefined
  if (exchanged && issuedTokenType === undefined) throw invalid("missing", "issued_token_type")
  const kept = keptOf(object, rules)
  const tokens: Types.Mutable<TokenSet> = {
    accessToken,
    tokenType: isAccessToken ? tokenTypeOf(object, answer, rules, asked) : notApplicable,
    receivedAt: answer.sentAt
  }
  if (expiresIn !== undefined) tokens.expiresIn = expiresIn
  if (advised) tokens.refreshIn = Duration.seconds(advised)
  if (refreshToken !== undefined) {
    tokens.refreshToken = refreshToken
    if (refreshTokenExpiresIn !== undefined) tokens.refreshTokenExpiresIn = refreshTokenExpiresIn
  }
  if (scopes !== undefined) tokens.scopes = scopes
  if (authorizationDetails !== undefined) tokens.authorizationDetails = authorizationDetails
  if (idToken !== undefined) tokens.idToken = idToken
  if (issuedTokenType !== undefined) tokens.issuedTokenType = issuedTokenType
  if (kept !== undefined) tokens.kept = kept
  return tokens
}

// What stands in an `Authorization` header as one word. RFC 6750, section 2.1, allows less, but there are servers whose
// tokens hold other signs, as Salesforce's hold "!".
const oneWord = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/

// VSCHAR (RFC 6749, appendix A)
const visible = /^[\x20-\x7e]+$/

const textOf = (object: JsonObject, name: string, grammar: RegExp): string | undefined => {
  const value = member(object, name)
  if (value === undefined) return undefined
  if (typeof value !== "string") throw invalid("wrong-type", name)
  if (value === "") throw invalid("missing", name)
  if (!grammar.test(value)) throw invalid("out-of-range", name)
  return value
}

const tokenOf = (object: JsonObject, name: string, grammar: RegExp): Redacted.Redacted | undefined => {
  const text = textOf(object, name, grammar)
  return text === undefined ? undefined : Redacted.make(text)
}

const refreshTokenOf = (object: JsonObject): Redacted.Redacted | undefined => tokenOf(object, "refresh_token", visible)

const tokenTypeOf = (
  object: JsonObject,
  answer: Answer,
  rules: Rules,
  { tokenTypes = ["Bearer"] }: Asked
): string => {
  const value = member(object, "token_type")
  const type = value === undefined || value === "" ? rules.defaultTokenType : value
  if (type === undefined) throw invalid("missing", "token_type")
  if (typeof type !== "string") throw invalid("wrong-type", "token_type")
  const usable = tokenTypes.find((usable) => usable.toLowerCase() === type.toLowerCase())
  if (usable !== undefined) return usable
  const tokenType = said(type, answer)
  throw tokenType === undefined ? invalid("missing", "token_type") : new TokenTypeUnsupported({ tokenType })
}

const secondsOf = (object: JsonObject, name: string, rules: Rules): number | undefined => {
  const value = member(object, name)
  if (value === undefined) return undefined
  const digits = rules.expiresIn === "number-or-digits" && typeof value === "string" && /^\d{1,10}$/.test(value)
  if (typeof value !== "number" && !digits) throw invalid("wrong-type", name)
  const seconds = Number(value)
  if (seconds < 0) throw invalid("out-of-range", name)
  return Math.min(Math.floor(seconds), tenYears)
}

const tenYears = 10 * 365 * 24 * 3600

const scopesOf = (object: JsonObject, rules: Rules): Scopes.Scopes | undefined => {
  const value = member(object, "scope")
  if (value === undefined) return undefined
  if (typeof value !== "string") throw invalid("wrong-type", "scope")
  const scopes = Scopes.fromString(value, rules.scopeSeparator)
  if (!scopes.every(Scopes.isScopeToken)) throw invalid("out-of-range", "scope")
  return scopes
}

const detailsOf = (object: JsonObject): Redacted.Redacted<AuthorizationDetails> | undefined => {
  const value = member(object, "authorization_details")
  if (value === undefined) return undefined
  const details = fromJson(value)
  if (details === undefined) throw invalid("wrong-type", "authorization_details")
  return Redacted.make(details)
}

const keptOf = (object: JsonObject, rules: Rules): TokenSet["kept"] => {
  const kept = [...rules.keep, ...rules.apiOrigins].flatMap((name) => {
    const told = secret.has(name) ? undefined : member(object, name)
    const value = told === undefined ? undefined : settled(told)
    return value === undefined ? [] : [[name, value] as const]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const secret: ReadonlySet<string> = new Set(["access_token", "refresh_token", "id_token"])

const invalid = (problem: ResponseInvalid["problem"], field: string): ResponseInvalid =>
  new ResponseInvalid({ problem, field, status: 200 })
