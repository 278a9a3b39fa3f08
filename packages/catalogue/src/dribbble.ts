/**
 * Dribbble: the API v2. No renewal is known.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Dribbble.
 *
 * @category providers
 * @since 0.1.0
 */
export const dribbble: Encoded = {
  provider: "dribbble",
  authorizationEndpoint: "https://dribbble.com/oauth/authorize",
  tokenEndpoint: "https://dribbble.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.dribbble.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/dribbble.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body."
  }]
}
