/**
 * Patreon: the API v2.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Patreon.
 *
 * @category providers
 * @since 0.1.0
 */
export const patreon: Encoded = {
  provider: "patreon",
  authorizationEndpoint: "https://www.patreon.com/oauth2/authorize",
  tokenEndpoint: "https://www.patreon.com/api/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://www.patreon.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/patreon.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body."
  }]
}
