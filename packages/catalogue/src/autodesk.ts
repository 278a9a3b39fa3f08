/**
 * Autodesk: Autodesk Platform Services.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Autodesk.
 *
 * @category providers
 * @since 0.1.0
 */
export const autodesk: Encoded = {
  provider: "autodesk",
  authorizationEndpoint: "https://developer.api.autodesk.com/authentication/v2/authorize",
  tokenEndpoint: "https://developer.api.autodesk.com/authentication/v2/token",
  revocationEndpoint: "https://developer.api.autodesk.com/authentication/v2/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://developer.api.autodesk.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/autodesk.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, PKCE, revocation."
  }]
}
