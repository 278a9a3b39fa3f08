/**
 * What tokens are bound to: a DPoP key, by its thumbprint, or a certificate, by its name.
 */
import { KeyUnavailable } from "../OAuthError.ts"

/** What the names of certificates begin with (RFC 8705, section 3.1). No thumbprint of a key has a colon. */
export const certificatePrefix = "x5t#S256:"

/** That what a token is bound to is not here. */
export const unavailable = (bound: string): KeyUnavailable =>
  new KeyUnavailable({ use: bound.startsWith(certificatePrefix) ? "certificate" : "dpop", keyId: bound })
