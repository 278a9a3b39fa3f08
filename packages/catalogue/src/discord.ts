/**
 * Discord: access tokens of a week, renewed by refresh tokens.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Discord.
 *
 * @category providers
 * @since 0.1.0
 */
export const discord: Encoded = {
  provider: "discord",
  authorizationEndpoint: "https://discord.com/oauth2/authorize",
  tokenEndpoint: "https://discord.com/api/oauth2/token",
  revocationEndpoint: "https://discord.com/api/oauth2/token/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://discord.com"],
  sources: [{
    url: "https://docs.discord.com/developers/topics/oauth2",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints; HTTP Basic or the body; revoking any token ends the whole authorization."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/discord.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "That logins may carry PKCE."
  }]
}
