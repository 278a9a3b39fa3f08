/**
 * How a server deviates from the RFCs, as data with the RFCs' behaviour as
 * default. Being lenient is always asked for and never guessed.
 *
 * @since 0.1.0
 */
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import * as TokenResponse from "./TokenResponse.ts"

/**
 * Whether a request repeats the scope: what was asked for at login, or never.
 *
 * @category models
 * @since 0.1.0
 */
export type ScopeRule = "asked" | "never"

/**
 * The deviations of one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dialect {
  /** The authorization request (RFC 6749, section 4.1.1). */
  readonly authorization: AuthorizationRequest.Rules
  /** The exchange of the code (RFC 6749, section 4.1.3). */
  readonly authorizationCode: {
    readonly parameters: Readonly<Record<string, string>>
    readonly redirectUri: "repeated" | "omitted"
    readonly scope: ScopeRule
    readonly scopeSeparator: string
  }
  /** The renewal (RFC 6749, section 6). A scope is never narrowed by itself. */
  readonly refreshToken: {
    readonly parameters: Readonly<Record<string, string>>
    readonly scope: ScopeRule | "granted"
    readonly scopeSeparator: string
  }
  /** Tokens of the client's own (RFC 6749, section 4.4). */
  readonly clientCredentials: {
    readonly parameters: Readonly<Record<string, string>>
    readonly scopeSeparator: string
  }
  /** The token answer. */
  readonly response: TokenResponse.Rules
  /**
   * What revoking a refresh token ends (RFC 7009, section 2.1): the whole grant,
   * or that token only.
   */
  readonly revocation: "grant" | "token"
}

/**
 * The dialect of the RFCs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Dialect = {
  authorization: AuthorizationRequest.rfc6749,
  authorizationCode: { parameters: {}, redirectUri: "repeated", scope: "never", scopeSeparator: " " },
  refreshToken: { parameters: {}, scope: "never", scopeSeparator: " " },
  clientCredentials: { parameters: {}, scopeSeparator: " " },
  response: TokenResponse.rfc6749,
  revocation: "grant"
}

/**
 * A dialect's deviations, leg by leg; what is left out stays as it was.
 *
 * @category models
 * @since 0.1.0
 */
export type Deviations = {
  readonly [K in keyof Dialect]?: Dialect[K] extends string ? Dialect[K] : Partial<Dialect[K]>
}

/**
 * Makes a dialect from its deviations.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (deviations: Deviations, base: Dialect = rfc6749): Dialect => ({
  authorization: { ...base.authorization, ...deviations.authorization },
  authorizationCode: { ...base.authorizationCode, ...deviations.authorizationCode },
  refreshToken: { ...base.refreshToken, ...deviations.refreshToken },
  clientCredentials: { ...base.clientCredentials, ...deviations.clientCredentials },
  response: { ...base.response, ...deviations.response },
  revocation: deviations.revocation ?? base.revocation
})
