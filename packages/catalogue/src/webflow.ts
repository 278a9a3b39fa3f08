/**
 * Webflow: sites and workspaces.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Webflow.
 *
 * @category providers
 * @since 0.1.0
 */
export const webflow: Encoded = {
  provider: "webflow",
  authorizationEndpoint: "https://webflow.com/oauth/authorize",
  tokenEndpoint: "https://api.webflow.com/oauth/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.webflow.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
