/**
 * Mollie: payments for the merchant who logs in. A token is revoked by a DELETE of its own endpoint.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Mollie.
 *
 * @category providers
 * @since 0.1.0
 */
export const mollie: Encoded = {
  provider: "mollie",
  authorizationEndpoint: "https://my.mollie.com/oauth2/authorize",
  tokenEndpoint: "https://api.mollie.com/oauth2/tokens",
  revocationEndpoint: "https://api.mollie.com/oauth2/tokens",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.mollie.com"],
  dialect: { authorization: { pkce: "none" }, requests: { revocation: { method: "DELETE" } } },
  sources: [{
    url: "https://docs.mollie.com/reference/authorize",
    read: "2026-11-29",
    standing: "documented",
    about: "The login's address, state."
  }, {
    url: "https://docs.mollie.com/changelog/fix-oauth-token-endpoints-to-use-basic-authentication.md",
    read: "2026-11-29",
    standing: "documented",
    about: "HTTP Basic for tokens and their revocation."
  }, {
    url: "https://docs.mollie.com/reference/oauth2/revoke-token",
    read: "2026-11-29",
    standing: "documented",
    about:
      "DELETE, token and token_type_hint in the body, a status of 204; a refresh token takes its access tokens along."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "PKCE off; the token endpoint."
  }]
}
