/**
 * LINE: LINE Login.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * LINE.
 *
 * @category providers
 * @since 0.1.0
 */
export const line: Encoded = {
  provider: "line",
  authorizationEndpoint: "https://access.line.me/oauth2/v2.1/authorize",
  tokenEndpoint: "https://api.line.me/oauth2/v2.1/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.line.me"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/line.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, the secret in the body."
  }]
}
