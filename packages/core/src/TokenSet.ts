/**
 * What a token endpoint gave: the tokens of one answer.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type { AuthorizationDetails } from "./AuthorizationDetails.ts"
import type { Scopes } from "./Scopes.ts"

/**
 * The tokens of one judged answer (RFC 6749, section 5.1).
 *
 * **Details**
 *
 * Lifetimes are durations, as the server states them. They count from
 * `receivedAt`, which is taken before the request was sent: a token is never
 * thought to live longer than it does.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenSet {
  readonly accessToken: Redacted.Redacted
  /**
   * The token type in its canonical spelling, `"Bearer"` or `"DPoP"`; `"N_A"`
   * where a token exchange gave something that is no access token.
   */
  readonly tokenType: string
  /** Epoch milliseconds of this process's clock, taken before the request was sent. */
  readonly receivedAt: number
  /** Absent: the server did not say, and no default was declared. */
  readonly expiresIn?: Duration.Duration | undefined
  /** When the server wants the access token renewed ahead of its end, where it says so. */
  readonly refreshIn?: Duration.Duration | undefined
  readonly refreshToken?: Redacted.Redacted | undefined
  /** The refresh token's own lifetime, where the server says so. */
  readonly refreshTokenExpiresIn?: Duration.Duration | undefined
  /** Absent: the scope is as it was asked for (RFC 6749, section 5.1). */
  readonly scopes?: Scopes | undefined
  /** What was granted in detail, where the answer says so (RFC 9396, section 7). */
  readonly authorizationDetails?: Redacted.Redacted<AuthorizationDetails> | undefined
  readonly idToken?: Redacted.Redacted | undefined
  /** What the token is, where it came of a token exchange (RFC 8693, section 2.2.1). */
  readonly issuedTokenType?: string | undefined
  /**
   * What the access token is bound to: the thumbprint of a DPoP key (RFC 9449, section 6), or the name of a certificate
   * (RFC 8705, section 3).
   */
  readonly thumbprint?: string | undefined
  /** What the refresh token is bound to, where it is a public client's (RFC 9449, section 5; RFC 8705, section 4). */
  readonly refreshTokenThumbprint?: string | undefined
  /** Other members of the answer that the dialect asks to keep. Not secret. */
  readonly kept?: Readonly<Record<string, Json>> | undefined
  /** The tokens of other parts of the account, where one answer brings several grants. */
  readonly parts?: Readonly<Record<string, TokenSet>> | undefined
}

/**
 * An access token as it is used: the value, and how it is presented (`Bearer`,
 * or `DPoP` with a proof by the key of the thumbprint).
 *
 * @category models
 * @since 0.1.0
 */
export interface AccessToken {
  readonly value: Redacted.Redacted
  readonly type: string
  /** What the token is bound to: the thumbprint of a DPoP key, or the name of a certificate. */
  readonly thumbprint?: string | undefined
}
