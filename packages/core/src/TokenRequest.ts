/**
 * Requests to a token endpoint, as data (RFC 6749, sections 4.1.3, 4.3.2, 4.4.2,
 * 4.5 and 6).
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"

/**
 * A parameter of a request. Secrets are `Redacted` until the request is built.
 *
 * @category models
 * @since 0.1.0
 */
export type Parameter = readonly [name: string, value: string | Redacted.Redacted]

/**
 * Parameters in the order in which they are sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Parameters = ReadonlyArray<Parameter>

/**
 * A request to the token endpoint: everything but how the client authenticates.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenRequest {
  /** The `grant_type`. */
  readonly grantType: string
  /** All parameters except `grant_type` and the client's own. */
  readonly parameters: Parameters
  /** What the grant keeps, for dialects whose requests depend on it. It does not travel by itself. */
  readonly kept?: Readonly<Record<string, Json>> | undefined
  /**
   * The DPoP key that must prove the request, or the certificate that its connection must show, where what it presents
   * is bound to one (RFC 9449, sections 5 and 10; RFC 8705, section 4).
   */
  readonly thumbprint?: string | undefined
}

/**
 * The grant whose assertion is a JSON Web Token (RFC 7523, section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const jwtBearerGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"

/**
 * The grant whose assertion is of SAML 2.0, base64url (RFC 7522, section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const saml2BearerGrantType = "urn:ietf:params:oauth:grant-type:saml2-bearer"

/**
 * The `grant_type` of a token exchange (RFC 8693, section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export const tokenExchangeGrantType = "urn:ietf:params:oauth:grant-type:token-exchange"

/**
 * Exchanges an authorization code (RFC 6749, section 4.1.3; RFC 7636, section
 * 4.5). `redirectUri` is absent where the server does not want it repeated.
 *
 * @category constructors
 * @since 0.1.0
 */
export const authorizationCode = (options: {
  readonly code: Redacted.Redacted
  readonly redirectUri?: string | undefined
  readonly codeVerifier?: Redacted.Redacted | undefined
  readonly parameters?: Parameters | undefined
  readonly kept?: TokenRequest["kept"]
  readonly thumbprint?: string | undefined
}): TokenRequest => ({
  grantType: "authorization_code",
  kept: options.kept,
  thumbprint: options.thumbprint,
  parameters: [
    ["code", options.code],
    ...optional("redirect_uri", options.redirectUri),
    ...optional("code_verifier", options.codeVerifier),
    ...(options.parameters ?? [])
  ]
})

/**
 * Presents a refresh token (RFC 6749, section 6). Without `scope` the grant's
 * scope stays as it is; a narrower one is never sent by itself.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refreshToken = (options: {
  readonly refreshToken: Redacted.Redacted
  readonly scope?: string | undefined
  readonly parameters?: Parameters | undefined
  readonly kept?: TokenRequest["kept"]
  readonly thumbprint?: string | undefined
}): TokenRequest => ({
  grantType: "refresh_token",
  kept: options.kept,
  thumbprint: options.thumbprint,
  parameters: [
    ["refresh_token", options.refreshToken],
    ...optional("scope", options.scope),
    ...(options.parameters ?? [])
  ]
})

/**
 * Asks for a token of the client's own (RFC 6749, section 4.4.2).
 *
 * @category constructors
 * @since 0.1.0
 */
export const clientCredentials = (options?: {
  readonly scope?: string | undefined
  readonly parameters?: Parameters | undefined
}): TokenRequest => ({
  grantType: "client_credentials",
  parameters: [...optional("scope", options?.scope), ...(options?.parameters ?? [])]
})

/**
 * Presents an assertion: a statement that somebody signed (RFC 7521, section
 * 4.1), of the kind that `grantType` names.
 *
 * @category constructors
 * @since 0.1.0
 */
export const assertion = (options: {
  /** An absolute URI: {@link jwtBearerGrantType} or {@link saml2BearerGrantType}. */
  readonly grantType: string
  readonly assertion: Redacted.Redacted
  readonly scope?: string | undefined
  readonly parameters?: Parameters | undefined
}): TokenRequest => ({
  grantType: options.grantType,
  parameters: [
    ["assertion", options.assertion],
    ...optional("scope", options.scope),
    ...(options.parameters ?? [])
  ]
})

/**
 * Any other grant, by the name or URI of its `grant_type` (RFC 6749, section 4.5).
 *
 * @category constructors
 * @since 0.1.0
 */
export const extension = (grantType: string, parameters: Parameters): TokenRequest => ({ grantType, parameters })

const optional = (name: string, value: string | Redacted.Redacted | undefined): Parameters =>
  value === undefined || value === "" ? [] : [[name, value]]
