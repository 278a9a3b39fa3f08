/**
 * Roblox: Open Cloud.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Roblox.
 *
 * @category providers
 * @since 0.1.0
 */
export const roblox: Encoded = {
  provider: "roblox",
  authorizationEndpoint: "https://apis.roblox.com/oauth/v1/authorize",
  tokenEndpoint: "https://apis.roblox.com/oauth/v1/token",
  revocationEndpoint: "https://apis.roblox.com/oauth/v1/token/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://apis.roblox.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/roblox.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, PKCE, revocation."
  }]
}
