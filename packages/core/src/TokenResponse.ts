/**
 * Answers of a token endpoint, judged (RFC 6749, sections 5.1 and 5.2).
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type {
  AnswerLost,
  ConfigurationInvalid,
  KeyUnavailable,
  RedirectRefused,
  RequestNotSent,
  RequestRefused,
  ResponseInvalid,
  ServerUnavailable,
  TokenTypeUnsupported
} from "./OAuthError.ts"
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
  /** What `expires_in: 0` means: a token that has expired, or one whose lifetime is not told. */
  readonly expiresInZero: "expired" | "unknown"
  /** The lifetime of an access token where the answer does not tell. */
  readonly defaultLifetime?: Duration.Duration | undefined
  /** The token type where the answer does not tell; absent, such an answer is invalid. */
  readonly defaultTokenType?: string | undefined
  /** What separates scope tokens in an answer. */
  readonly scopeSeparator: string
  /** The lifetime of a refresh token where the answer does not tell. */
  readonly refreshTokenLifetime?: Duration.Duration | undefined
  /** The member that tells a refresh token's lifetime in seconds, where there is one. */
  readonly refreshTokenExpiresIn?: string | undefined
  /** Other members to keep with the grant. They must not be secret. */
  readonly keep: ReadonlyArray<string>
  /** The error codes that end a grant when a refresh token is presented. */
  readonly grantEnded: ReadonlyArray<string>
  /** Whether the server checks everything before it rotates, so that its 5xx answers spent nothing. */
  readonly errorsPrecedeRotation: boolean
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
  keep: [],
  grantEnded: ["invalid_grant"],
  errorsPrecedeRotation: false
}

/**
 * What became of a request to the token endpoint. Sending is not judging, and
 * judging is not keeping: what a judgement means for a grant is decided by
 * `TokenService`.
 *
 * - `Granted`: tokens.
 * - `Unusable`: a 2xx answer that fails a check. A well-formed refresh token in
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
    readonly reason: ResponseInvalid | TokenTypeUnsupported
    readonly refreshToken?: Redacted.Redacted | undefined
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
  readonly body: Uint8Array
  /** Epoch milliseconds of this process's clock, taken before the request was sent. */
  readonly sentAt: number
}
