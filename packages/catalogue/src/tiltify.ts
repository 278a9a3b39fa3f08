/**
 * Tiltify: the API v5.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Tiltify.
 *
 * @category providers
 * @since 0.1.0
 */
export const tiltify: Encoded = {
  provider: "tiltify",
  authorizationEndpoint: "https://v5api.tiltify.com/oauth/authorize",
  tokenEndpoint: "https://v5api.tiltify.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://v5api.tiltify.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/tiltify.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body."
  }]
}
