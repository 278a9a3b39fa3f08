/**
 * Slack: the bot's tokens, and the user's as a part of the same account, named user. Ask for the user's scopes by
 * the parameter user_scope of the login.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Slack.
 *
 * @category providers
 * @since 0.1.0
 */
export const slack: Encoded = {
  provider: "slack",
  authorizationEndpoint: "https://slack.com/oauth/v2/authorize",
  tokenEndpoint: "https://slack.com/api/oauth.v2.access",
  clientAuthentication: "basic",
  apiOrigins: ["https://slack.com"],
  dialect: {
    authorization: { scopeSeparator: "," },
    authorizationCode: { parts: { user: "authed_user" } },
    response: { scopeSeparator: ",", keep: ["team", "enterprise", "bot_user_id"] },
    answers: {
      tokenTypes: { bot: "Bearer", user: "Bearer" },
      errorCodes: {
        invalid_refresh_token: "invalid_grant",
        invalid_code: "invalid_grant",
        token_revoked: "invalid_grant",
        internal_error: "server_error",
        fatal_error: "server_error"
      }
    }
  },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://docs.slack.dev/reference/methods/oauth.v2.access",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoint, HTTP Basic, PKCE; where ok is false, error tells why, with a status of 200."
  }, {
    url: "https://docs.slack.dev/authentication/using-token-rotation",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Where rotation is on, access tokens end after 12 hours and the refresh token is replaced; bot and user are renewed apart."
  }, {
    url: "https://docs.slack.dev/reference/methods/oauth.v2.exchange",
    read: "2026-11-29",
    standing: "documented",
    about: "internal_error and fatal_error leave open what was done, so nothing is taken for refused."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Scopes by comma; the user's tokens under authed_user, those of a renewal at the top."
  }]
}
