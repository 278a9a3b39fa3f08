/**
 * Polar: the API of organizations.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Polar.
 *
 * @category providers
 * @since 0.1.0
 */
export const polar: Encoded = {
  provider: "polar",
  authorizationEndpoint: "https://polar.sh/oauth2/authorize",
  tokenEndpoint: "https://api.polar.sh/v1/oauth2/token",
  revocationEndpoint: "https://api.polar.sh/v1/oauth2/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://api.polar.sh"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/polar.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, the secret in the body, revocation."
  }]
}
