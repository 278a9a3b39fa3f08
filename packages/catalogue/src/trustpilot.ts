/**
 * Trustpilot: renewals go to an address of their own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Trustpilot.
 *
 * @category providers
 * @since 0.1.0
 */
export const trustpilot: Encoded = {
  provider: "trustpilot",
  authorizationEndpoint: "https://authenticate.trustpilot.com",
  tokenEndpoint: "https://api.trustpilot.com/v1/oauth/oauth-business-users-for-applications/accesstoken",
  refreshEndpoint: "https://api.trustpilot.com/v1/oauth/oauth-business-users-for-applications/refresh",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.trustpilot.com"],
  dialect: { authorization: { pkce: "none" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, HTTP Basic, PKCE off."
  }]
}
