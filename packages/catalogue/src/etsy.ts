/**
 * Etsy: a client without a secret, with PKCE. Requests to the API carry x-api-key beside the token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Etsy.
 *
 * @category providers
 * @since 0.1.0
 */
export const etsy: Encoded = {
  provider: "etsy",
  authorizationEndpoint: "https://www.etsy.com/oauth/connect",
  tokenEndpoint: "https://api.etsy.com/v3/public/oauth/token",
  clientAuthentication: "none",
  apiOrigins: ["https://api.etsy.com", "https://openapi.etsy.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/etsy.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, no secret."
  }]
}
