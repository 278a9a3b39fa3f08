/**
 * The one error of this library.
 *
 * Every operation fails with `OAuthError`, which says where it failed
 * (`module`, `method`) and carries a `reason` from a closed union of tagged
 * reasons. An application recovers by reason:
 * `Effect.catchReason("OAuthError", "ReauthorizationRequired", …)` is how
 * "connect again" is shown.
 *
 * A reason never holds a request, a response, a header or a foreign error
 * object: those carry secrets, and an error is printed in more ways than anyone
 * can list. What the other side said is kept as `RemoteText`.
 *
 * It is long because the union is closed: all reasons stand here, and no other
 * module adds one.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import type { RemoteText } from "./RemoteText.ts"
import type { Scopes } from "./Scopes.ts"

const TypeId = "~@effect-oauth/core/OAuthError"

/**
 * A rule of a JSON Web Token: the claim that it is about by its name, or a part
 * of the token's form.
 *
 * - `format`: not one compact token with a JSON object in it.
 * - `typ`, `alg`, `crit`: what the header says.
 * - `key`: no key of the issuer fits, or more than one does.
 * - `signature`: it was not made with that key.
 * - `encryption`: encrypted where nothing was agreed, not where it was, or not
 *   for a key that is here.
 * - `at_hash`, `c_hash`, `rt_hash`, `auth_req_id`: it was issued with another
 *   access token, code, refresh token, for another request.
 *
 * @category models
 * @since 0.1.0
 */
export type JwtRule =
  | "format"
  | "typ"
  | "alg"
  | "crit"
  | "key"
  | "signature"
  | "encryption"
  | "iss"
  | "sub"
  | "aud"
  | "azp"
  | "exp"
  | "iat"
  | "nbf"
  | "nonce"
  | "auth_time"
  | "acr"
  | "at_hash"
  | "c_hash"
  | "auth_req_id"
  | "rt_hash"
  | "events"
  | "jti"
  | "sid"

/**
 * Why a grant needs a person (or a new assertion) before it gives tokens again.
 *
 * - `Absent`: there is no grant under this key.
 * - `GrantRejected`: the server refused the refresh token, and nobody presented it before.
 * - `RotationLost`: the server refused a refresh token that had been presented
 *   before without an answer that reached us: the newest pair is lost.
 * - `IdentityMismatch`: a renewal answered for somebody else.
 * - `NoRefreshToken`: the access token ended and there is nothing to renew it with.
 * - `RefreshTokenSpent`: the server uses a refresh token up and issued no other.
 * - `RefreshTokenExpired`: the refresh token's own lifetime ended.
 * - `Revoked`: revoked here, by `TokenService.revoke`.
 * - `Ended`: the provider's word outside the protocol, by `TokenService.ended`.
 *
 * @category models
 * @since 0.1.0
 */
export type ReauthorizationCause =
  | "Absent"
  | "GrantRejected"
  | "RotationLost"
  | "IdentityMismatch"
  | "NoRefreshToken"
  | "RefreshTokenSpent"
  | "RefreshTokenExpired"
  | "Revoked"
  | "Ended"

/**
 * Everything that can go wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type OAuthErrorReason =
  | ConfigurationInvalid
  | CallbackRejected
  | AuthorizationRefused
  | RequestNotSent
  | AnswerLost
  | ServerUnavailable
  | RequestRefused
  | ResponseInvalid
  | TokenTypeUnsupported
  | RedirectRefused
  | MetadataInvalid
  | JwtInvalid
  | ReauthorizationRequired
  | RenewalPending
  | RefusedAgain
  | RecordReadOnly
  | StoreUnavailable
  | RecordInvalid
  | KeyUnavailable
  | RequestNotAllowed
  | AccessInsufficient

/**
 * A failure of this library: where, and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class OAuthError extends /* @__PURE__ */ Data.TaggedError("OAuthError")<{
  readonly module: string
  readonly method: string
  readonly reason: OAuthErrorReason
}> {
  /**
   * Marks this value for runtime guards.
   *
   * @since 0.1.0
   */
  readonly [TypeId] = TypeId

  override get message(): string {
    return `${this.module}.${this.method}: ${this.reason.message}`
  }

  /**
   * Whether the same call may succeed later without anyone changing anything.
   *
   * @since 0.1.0
   */
  get isTransient(): boolean {
    return this.reason.isTransient
  }
}

/**
 * An option, a configuration value, a description or an argument cannot work.
 * Raised before anything is sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigurationInvalid extends /* @__PURE__ */ Data.TaggedError("ConfigurationInvalid")<{
  /** Name of the field, as the person who set it knows it. */
  readonly field: string
  /** What is wrong, and what to do. */
  readonly problem: string
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `${this.field}: ${this.problem}`
  }
}

/**
 * The redirect back to the client is not an answer that can be trusted. Nothing
 * in it is believed, and nothing of it is shown as the server's words.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallbackRejected extends /* @__PURE__ */ Data.TaggedError("CallbackRejected")<{
  readonly problem:
    | "no-pending-authorization"
    | "state-mismatch"
    | "issuer-mismatch"
    | "issuer-missing"
    | "issuer-unexpected"
    | "redirect-uri-mismatch"
    | "duplicate-parameter"
    | "code-missing"
    | "expired"
    | "unsupported-response"
    | "response-unsigned"
    | "malformed"
  /** The parameter in question, where there is one. */
  readonly parameter?: string | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The answer that arrived at the redirect URI was rejected (${this.problem}${
      this.parameter === undefined ? "" : `, ${this.parameter}`
    }). Start the login again`
  }
}

/**
 * The authorization server answered the login with an error (RFC 6749, section
 * 4.1.2.1): the person declined, or the request was not acceptable.
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthorizationRefused extends /* @__PURE__ */ Data.TaggedError("AuthorizationRefused")<{
  readonly code: RemoteText
  readonly description?: RemoteText | undefined
  /** An answer before this one was lost, and may have held the tokens: the person may have agreed. */
  readonly answerLost?: boolean | undefined
}> {
  readonly isTransient: boolean = false

  /**
   * What the person has to do at the server before `prompt: "none"` can succeed
   * (OpenID Connect Core, section 3.1.2.6), where that is why it was refused.
   *
   * @since 0.1.0
   */
  get requires(): "login" | "interaction" | "consent" | "account-selection" | undefined {
    return required.get(this.code)
  }

  override get message(): string {
    if (this.answerLost === true) {
      return `The login may have been agreed to, but the answer with the tokens was lost, and now the authorization server says "${this.code}"${
        said(this.description)
      }. Start the login again`
    }
    return this.code === "access_denied"
      ? `The login was declined${said(this.description)}`
      : `The authorization server refused the login with "${this.code}"${said(this.description)}`
  }
}

/**
 * The request never reached the server: no name, no route, no connection, no
 * TLS. Sending it again is safe, whatever it carries.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestNotSent extends /* @__PURE__ */ Data.TaggedError("RequestNotSent")<{
  readonly problem: "dns" | "connect" | "tls" | "closing" | "lease-lost"
  /** The server's origin. */
  readonly origin: string
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return `${this.origin} could not be reached (${this.problem}); nothing was sent`
  }
}

/**
 * The request may have been processed and its answer is not known: a time-out, a
 * reset, a truncated body, a page that is no OAuth answer.
 *
 * @category errors
 * @since 0.1.0
 */
export class AnswerLost extends /* @__PURE__ */ Data.TaggedError("AnswerLost")<{
  readonly problem: "timeout" | "reset" | "truncated" | "status" | "content-type" | "transport"
  readonly origin: string
  readonly status?: number | undefined
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return `The answer of ${this.origin} was lost (${this.problem}${
      this.status === undefined ? "" : ` ${this.status}`
    }); the request may have been processed`
  }
}

/**
 * The server did not process the request and says so: 429, 503 or
 * `temporarily_unavailable`; or a breaker is open because it said so lately.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerUnavailable extends /* @__PURE__ */ Data.TaggedError("ServerUnavailable")<{
  readonly origin: string
  readonly status?: number | undefined
  /** How long to wait before asking again, clamped by policy. */
  readonly retryAfter?: Duration.Duration | undefined
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return `${this.origin} is not available now${this.status === undefined ? "" : ` (status ${this.status})`}`
  }
}

/**
 * The server refused the request with an OAuth error (RFC 6749, section 5.2).
 * The set of codes is open.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestRefused extends /* @__PURE__ */ Data.TaggedError("RequestRefused")<{
  readonly code: RemoteText
  readonly description?: RemoteText | undefined
  readonly uri?: RemoteText | undefined
  /** How the client may authenticate instead: the `WWW-Authenticate` of a 401 (RFC 6749, section 5.2). */
  readonly challenge?: RemoteText | undefined
  readonly status: number
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The server refused the request with "${this.code}" (status ${this.status})${said(this.description)}`
  }
}

/**
 * The server's answer cannot be used. The body is never quoted.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResponseInvalid extends /* @__PURE__ */ Data.TaggedError("ResponseInvalid")<{
  readonly problem:
    | "content-type"
    | "encoding"
    | "not-json"
    | "not-an-object"
    | "missing"
    | "wrong-type"
    | "out-of-range"
    | "too-large"
    | "status"
    | "mismatch"
  /** The member in question, where there is one. */
  readonly field?: string | undefined
  readonly status?: number | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The server's answer cannot be used (${this.problem}${this.field === undefined ? "" : ` ${this.field}`}${
      this.status === undefined ? "" : `, status ${this.status}`
    })`
  }
}

/**
 * The server issued a token of a type that this client cannot use (RFC 6749,
 * section 7.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class TokenTypeUnsupported extends /* @__PURE__ */ Data.TaggedError("TokenTypeUnsupported")<{
  readonly tokenType: RemoteText
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The server issued a token of the type "${this.tokenType}", which is not supported`
  }
}

/**
 * The answer came from elsewhere: a redirect that must not be followed, since
 * it would hand secrets on, or that an HTTP client followed by itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class RedirectRefused extends /* @__PURE__ */ Data.TaggedError("RedirectRefused")<{
  readonly origin: string
  /** Whether the redirect was followed by the HTTP client; secrets may have gone with it. */
  readonly followed: boolean
  readonly status?: number | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return this.followed
      ? `The HTTP client followed a redirect of ${this.origin} by itself and may have sent secrets along. Use a client that does not follow redirects`
      : `${this.origin} answered with a redirect, which is not followed. Correct the endpoint's address`
  }
}

/**
 * The server's metadata cannot be believed (RFC 8414, OpenID Connect Discovery).
 *
 * @category errors
 * @since 0.1.0
 */
export class MetadataInvalid extends /* @__PURE__ */ Data.TaggedError("MetadataInvalid")<{
  /** The issuer, or the resource, that was asked for. */
  readonly issuer: string
  readonly problem:
    | "issuer-mismatch"
    | "resource-mismatch"
    | "missing"
    | "insecure-url"
    | "blocked-address"
    | "untrusted"
    | "wrong-type"
    | "not-json"
    | "not-found"
  readonly field?: string | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The metadata of ${this.issuer} cannot be used (${this.problem}${
      this.field === undefined ? "" : ` ${this.field}`
    })`
  }
}

/**
 * A JSON Web Token of the server breaks a rule. It is believed in nothing, and
 * what came with it is not released.
 *
 * @category errors
 * @since 0.1.0
 */
export class JwtInvalid extends /* @__PURE__ */ Data.TaggedError("JwtInvalid")<{
  readonly jwt:
    | "id-token"
    | "userinfo"
    | "logout-token"
    | "authorization-response"
    | "server-metadata"
    | "resource-metadata"
  readonly rule: JwtRule
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The server's ${jwtText[this.jwt]} breaks a rule (${this.rule}) and is not believed`
  }
}

/**
 * The grant gives no more tokens until it is authorized again: show "connect
 * this account".
 *
 * @category errors
 * @since 0.1.0
 */
export class ReauthorizationRequired extends /* @__PURE__ */ Data.TaggedError("ReauthorizationRequired")<{
  readonly why: ReauthorizationCause
  readonly provider: string
  readonly account: string
  /** What the server said, where it was the server's word. */
  readonly description?: RemoteText | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `${causeText[this.why]}. Connect the account "${this.account}" of ${this.provider} again${
      said(this.description)
    }`
  }
}

/**
 * The grant's renewal is under way or waiting, so there is no usable token now;
 * `retryAfter` says when to ask again.
 *
 * @category errors
 * @since 0.1.0
 */
export class RenewalPending extends /* @__PURE__ */ Data.TaggedError("RenewalPending")<{
  readonly why: "indeterminate" | "held-elsewhere" | "backing-off" | "wait-exceeded" | "closing"
  readonly retryAfter?: Duration.Duration | undefined
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return pendingText[this.why]
  }
}

/**
 * The API refused a token that was itself got because the API had refused
 * another a moment ago: renewing does not help.
 *
 * @category errors
 * @since 0.1.0
 */
export class RefusedAgain extends /* @__PURE__ */ Data.TaggedError("RefusedAgain")<{
  readonly retryAfter: Duration.Duration
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return "The API refused a token that had just been renewed because of a refusal. A missing permission, an account that is not linked, or a wrong API is more likely than an expired token"
  }
}

/**
 * The record may be read and must not be written by this process: it is of a
 * newer format, or belongs to another installation (a restored copy).
 *
 * @category errors
 * @since 0.1.0
 */
export class RecordReadOnly extends /* @__PURE__ */ Data.TaggedError("RecordReadOnly")<{
  readonly why: "newer-format" | "other-installation"
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return this.why === "newer-format"
      ? "The grant's record was written by a newer version of this library. Update this process"
      : "The grant belongs to another installation (a restored copy?), so it is not renewed here. Log in again, or set `installation`"
  }
}

/**
 * The store did not answer, or not in time. What was in flight is kept.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreUnavailable extends /* @__PURE__ */ Data.TaggedError("StoreUnavailable")<{
  readonly store: string
  /** A short code, `ECONNREFUSED`; never a foreign message. */
  readonly problem: string
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return `The store (${this.store}) is not available (${this.problem})`
  }
}

/**
 * What the store holds cannot be read as a record, and is left as it is. Or, with
 * `during: "write"`, what the store was given cannot be kept as one, and nothing
 * was written.
 *
 * @category errors
 * @since 0.1.0
 */
export class RecordInvalid extends /* @__PURE__ */ Data.TaggedError("RecordInvalid")<{
  readonly store: string
  readonly problem: string
  /** The version under which `TokenStore.setAside` moves it out of the way, where the store can tell. */
  readonly version?: string | undefined
  /** Absent: it was read. */
  readonly during?: "write" | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return this.during === "write"
      ? `The store (${this.store}) was given a record that cannot be kept (${this.problem}); nothing was written`
      : `The store (${this.store}) holds a record that cannot be read (${this.problem}); it was left as it is`
  }
}

/**
 * A key that is needed is not here: an encryption key, a DPoP key, the
 * certificate that a token is bound to, a client credential. The grant is kept.
 *
 * @category errors
 * @since 0.1.0
 */
export class KeyUnavailable extends /* @__PURE__ */ Data.TaggedError("KeyUnavailable")<{
  readonly use: "seal" | "dpop" | "certificate" | "client-authentication" | "request-object"
  /** Identifies the key; never the key. */
  readonly keyId?: string | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The key for ${this.use}${this.keyId === undefined ? "" : ` (${this.keyId})`} is not available`
  }
}

/**
 * The request is not one that may carry the token: another origin, plain http,
 * an `Authorization` header that somebody else set, or a `Host` header, which
 * behind a shared front end names another origin. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestNotAllowed extends /* @__PURE__ */ Data.TaggedError("RequestNotAllowed")<{
  readonly problem:
    | "origin"
    | "insecure-url"
    | "authorization-header"
    | "host-header"
    | "token-parameter"
    | "userinfo"
    | "invalid-url"
  readonly origin: string
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return `The token is not sent to ${this.origin} (${this.problem})`
  }
}

/**
 * The API accepts the token and wants more than it gives: scopes (RFC 6750,
 * section 3.1), or a login of another kind or of later (RFC 9470). Renewing does
 * not help; a login that asks for it does.
 *
 * @category errors
 * @since 0.1.0
 */
export class AccessInsufficient extends /* @__PURE__ */ Data.TaggedError("AccessInsufficient")<{
  readonly error: "insufficient_scope" | "insufficient_user_authentication"
  readonly origin: string
  readonly status: number
  readonly description?: RemoteText | undefined
  /** What would be enough, where the API says so. */
  readonly scopes?: Scopes | undefined
  readonly acrValues?: ReadonlyArray<string> | undefined
  readonly maxAge?: Duration.Duration | undefined
}> {
  readonly isTransient: boolean = false
  override get message(): string {
    return this.error === "insufficient_scope"
      ? `${this.origin} wants scopes that the token does not have${said(this.description)}. Ask for them at a login`
      : `${this.origin} wants the person to sign in again${said(this.description)}`
  }
}

/**
 * Makes an error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (module: string, method: string, reason: OAuthErrorReason): OAuthError =>
  new OAuthError({ module, method, reason })

/**
 * Whether a value is an {@link OAuthError}.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOAuthError = (u: unknown): u is OAuthError => Predicate.hasProperty(u, TypeId)

const required: ReadonlyMap<string, AuthorizationRefused["requires"]> = new Map([
  ["login_required", "login"],
  ["interaction_required", "interaction"],
  ["consent_required", "consent"],
  ["account_selection_required", "account-selection"]
])

const jwtText: { readonly [K in JwtInvalid["jwt"]]: string } = {
  "id-token": "ID token",
  userinfo: "answer about the person",
  "logout-token": "logout token",
  "authorization-response": "signed answer to the login",
  "server-metadata": "signed metadata",
  "resource-metadata": "signed metadata of a resource"
}

const causeText: { readonly [K in ReauthorizationCause]: string } = {
  Absent: "There is no grant",
  GrantRejected: "The server no longer accepts the grant",
  RotationLost: "The server replaced the refresh token, and the answer with the new one was lost",
  IdentityMismatch: "The server answered a renewal for somebody else",
  NoRefreshToken: "The access token ended and there is no refresh token",
  RefreshTokenSpent: "The refresh token was used up and the server issued no other",
  RefreshTokenExpired: "The refresh token expired",
  Revoked: "The grant was revoked",
  Ended: "The provider ended the grant"
}

const pendingText: { readonly [K in RenewalPending["why"]]: string } = {
  indeterminate: "The outcome of the last renewal is not known yet; it will be tried again",
  "held-elsewhere": "Another process is renewing this grant",
  "backing-off": "The last renewal failed; it will be tried again",
  "wait-exceeded": "The renewal takes longer than this caller waits; it goes on",
  closing: "This process is closing, and waits for no renewal any more"
}

const said = (text: RemoteText | undefined): string => text === undefined ? "" : ` (the server said: ${text})`
