/**
 * Lichess: public clients only, unregistered; access tokens live for a year and are not renewed.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Lichess.
 *
 * @category providers
 * @since 0.1.0
 */
export const lichess: Encoded = {
  provider: "lichess",
  authorizationEndpoint: "https://lichess.org/oauth",
  tokenEndpoint: "https://lichess.org/api/token",
  clientAuthentication: "none",
  apiOrigins: ["https://lichess.org"],
  sources: [{
    url: "https://lichess.org/api#tag/OAuth",
    read: "2026-11-29",
    standing: "documented",
    about:
      "PKCE is needed, a secret is not; a year; no refresh tokens. A token is revoked by DELETE, which is not RFC 7009's way. Read in github.com/lichess-org/api."
  }]
}
