/**
 * Asana: the REST API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Asana.
 *
 * @category providers
 * @since 0.1.0
 */
export const asana: Encoded = {
  provider: "asana",
  authorizationEndpoint: "https://app.asana.com/-/oauth_authorize",
  tokenEndpoint: "https://app.asana.com/-/oauth_token",
  clientAuthentication: "post",
  apiOrigins: ["https://app.asana.com"],
  sources: [{
    url: "https://developers.asana.com/docs/oauth",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints, read in Asana's API specification (github.com/Asana/openapi)."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The credentials in the body, and PKCE."
  }]
}
