/**
 * Procore: requests to the API name the company in the header Procore-Company-Id.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Procore.
 *
 * @category providers
 * @since 0.1.0
 */
export const procore: Encoded = {
  provider: "procore",
  authorizationEndpoint: "https://login.procore.com/oauth/authorize",
  tokenEndpoint: "https://login.procore.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.procore.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and the header."
  }]
}
