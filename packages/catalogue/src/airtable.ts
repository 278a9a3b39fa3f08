/**
 * Airtable: the Web API. Clients without a secret are taken too.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Airtable.
 *
 * @category providers
 * @since 0.1.0
 */
export const airtable: Encoded = {
  provider: "airtable",
  authorizationEndpoint: "https://airtable.com/oauth2/v1/authorize",
  tokenEndpoint: "https://airtable.com/oauth2/v1/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.airtable.com"],
  sources: [{
    url: "https://github.com/Airtable/oauth-example",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints and PKCE, in Airtable's own example."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic."
  }]
}
