/**
 * Kick: the public API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Kick.
 *
 * @category providers
 * @since 0.1.0
 */
export const kick: Encoded = {
  provider: "kick",
  authorizationEndpoint: "https://id.kick.com/oauth/authorize",
  tokenEndpoint: "https://id.kick.com/oauth/token",
  revocationEndpoint: "https://id.kick.com/oauth/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://api.kick.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/kick.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, the secret in the body, revocation."
  }]
}
