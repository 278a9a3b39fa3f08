/**
 * Deel: the REST API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Deel.
 *
 * @category providers
 * @since 0.1.0
 */
export const deel: Encoded = {
  provider: "deel",
  authorizationEndpoint: "https://app.deel.com/oauth2/authorize",
  tokenEndpoint: "https://app.deel.com/oauth2/tokens",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.letsdeel.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }]
}
