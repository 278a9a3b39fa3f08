/**
 * Wave: Wave Accounting.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Wave.
 *
 * @category providers
 * @since 0.1.0
 */
export const wave: Encoded = {
  provider: "wave",
  authorizationEndpoint: "https://api.waveapps.com/oauth2/authorize",
  tokenEndpoint: "https://api.waveapps.com/oauth2/token/",
  clientAuthentication: "post",
  apiOrigins: ["https://gql.waveapps.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
