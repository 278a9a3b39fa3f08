/**
 * Lightspeed Retail (X-Series): each store has a host, which the callback and the answers name. A renewal ends the old refresh token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Lightspeed Retail (X-Series).
 *
 * @category providers
 * @since 0.1.0
 */
export const lightspeedRetail: Encoded = {
  provider: "lightspeed-retail",
  authorizationEndpoint: "https://secure.retail.lightspeed.app/connect",
  tokenEndpoint: "https://{store}.retail.lightspeed.app/api/1.0/token",
  clientAuthentication: "post",
  apiOrigins: ["https://{store}.retail.lightspeed.app"],
  variables: { store: { description: "the store's name in its address (domain_prefix)" } },
  dialect: { authorization: { pkce: "none" }, response: { keep: ["domain_prefix"] } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://x-series-api.lightspeedhq.com/docs/authorization",
    read: "2026-11-29",
    standing: "documented",
    about: "The login's address and its parameters."
  }, {
    url: "https://x-series-api.lightspeedhq.com/changelog/2025-03-refresh-token-flow-update",
    read: "2026-11-29",
    standing: "documented",
    about: "The token endpoint, the renewal and its answer; the old refresh token is revoked."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "PKCE off; the address of the API."
  }]
}
