/**
 * HubSpot: public apps.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * HubSpot.
 *
 * @category providers
 * @since 0.1.0
 */
export const hubspot: Encoded = {
  provider: "hubspot",
  authorizationEndpoint: "https://app.hubspot.com/oauth/authorize",
  tokenEndpoint: "https://api.hubapi.com/oauth/v1/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.hubapi.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
