/**
 * Miro: the REST API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Miro.
 *
 * @category providers
 * @since 0.1.0
 */
export const miro: Encoded = {
  provider: "miro",
  authorizationEndpoint: "https://miro.com/oauth/authorize",
  tokenEndpoint: "https://api.miro.com/v1/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.miro.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
