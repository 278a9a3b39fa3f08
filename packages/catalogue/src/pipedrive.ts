/**
 * Pipedrive: the answer names the origin of the company's API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Pipedrive.
 *
 * @category providers
 * @since 0.1.0
 */
export const pipedrive: Encoded = {
  provider: "pipedrive",
  authorizationEndpoint: "https://oauth.pipedrive.com/oauth/authorize",
  tokenEndpoint: "https://oauth.pipedrive.com/oauth/token",
  clientAuthentication: "basic",
  dialect: { authorization: { pkce: "none" }, response: { apiOrigins: ["api_domain"] } },
  sources: [{
    url: "https://github.com/pipedrive/client-nodejs",
    read: "2026-11-29",
    standing: "documented",
    about: "HTTP Basic and api_domain, in Pipedrive's own client."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE off."
  }]
}
