/**
 * GitHub: OAuth apps, whose tokens do not end, and GitHub Apps, whose user tokens end after eight hours and are renewed.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * GitHub.
 *
 * @category providers
 * @since 0.1.0
 */
export const github: Encoded = {
  provider: "github",
  authorizationEndpoint: "https://github.com/login/oauth/authorize",
  tokenEndpoint: "https://github.com/login/oauth/access_token",
  deviceAuthorizationEndpoint: "https://github.com/login/device/code",
  clientAuthentication: "post",
  apiOrigins: ["https://api.github.com"],
  dialect: {
    response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_token_expires_in" },
    answers: { errorCodes: { bad_refresh_token: "invalid_grant", bad_verification_code: "invalid_grant" } }
  },
  rotation: { policy: "rotating" },
  sources: [
    {
      url: "https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps",
      read: "2026-11-22",
      standing: "documented",
      about: "The addresses, devices among them, the secret in the body, and scopes by comma in answers."
    },
    {
      url:
        "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens",
      read: "2026-11-22",
      standing: "documented",
      about: "User access tokens end after 8 hours, refresh tokens after 6 months; a renewal replaces both."
    }
  ]
}
