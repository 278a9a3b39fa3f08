/**
 * Twitch: scopes come as a list, and errors as a message.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Twitch.
 *
 * @category providers
 * @since 0.1.0
 */
export const twitch: Encoded = {
  provider: "twitch",
  authorizationEndpoint: "https://id.twitch.tv/oauth2/authorize",
  tokenEndpoint: "https://id.twitch.tv/oauth2/token",
  revocationEndpoint: "https://id.twitch.tv/oauth2/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://api.twitch.tv"],
  dialect: {
    answers: {
      scope: "array",
      error: "message",
      errorDescription: "message",
      errorCodes: { "Invalid refresh token": "invalid_grant" }
    }
  },
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/twitch.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The list of scopes, message in errors, the secret in the body. That a spent refresh token is told as \"Invalid refresh token\" is what public clients test for."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/twitch.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }, {
    url: "https://github.com/twitchdev/twitch-cli",
    read: "2026-11-29",
    standing: "documented",
    about: "Revocation, in Twitch's own client."
  }]
}
