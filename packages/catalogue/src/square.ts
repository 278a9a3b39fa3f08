/**
 * Square: the code flow of applications with a secret, whose refresh tokens do not end and stay the same.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Square.
 *
 * @category providers
 * @since 0.1.0
 */
export const square: Encoded = {
  provider: "square",
  authorizationEndpoint: "https://connect.squareup.com/oauth2/authorize",
  tokenEndpoint: "https://connect.squareup.com/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://connect.squareup.com"],
  dialect: {
    authorization: { pkce: "none", parameters: { session: "false" } },
    response: { keep: ["merchant_id"] },
    requests: { token: { encoding: "json" } },
    answers: { expiresAt: { name: "expires_at", form: "iso" } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developer.squareup.com/reference/square/o-auth-api/obtain-token",
    read: "2026-11-29",
    standing: "documented",
    about:
      "JSON; a secret or PKCE, not both; expires_at in ISO 8601; the same refresh token comes back. Read in Square's API specification (github.com/square/connect-api-specification). Revocation is not RFC 7009's."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The authorization endpoint and session=false."
  }]
}
