/**
 * LinkedIn: answers without a token type. Refresh tokens are for approved partners and keep the end that they had
 * at login.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * LinkedIn.
 *
 * @category providers
 * @since 0.1.0
 */
export const linkedin: Encoded = {
  provider: "linkedin",
  authorizationEndpoint: "https://www.linkedin.com/oauth/v2/authorization",
  tokenEndpoint: "https://www.linkedin.com/oauth/v2/accessToken",
  clientAuthentication: "post",
  apiOrigins: ["https://api.linkedin.com"],
  dialect: {
    authorization: { pkce: "none" },
    response: { defaultTokenType: "Bearer", refreshTokenExpiresIn: "refresh_token_expires_in" }
  },
  sources: [{
    url: "https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "60 days, and refresh tokens of 365 days whose end does not move; refresh_token_expires_in."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, and that PKCE must be off."
  }, {
    url: "https://github.com/cmd-johnson/deno-oauth2-client/issues/37",
    read: "2026-11-21",
    standing: "from third parties",
    about: "No token_type in answers."
  }]
}
