/**
 * Facebook: there are no refresh tokens. An access token of hours is exchanged for one of 60 days, and that one,
 * while it lives, for the next.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Facebook.
 *
 * @category providers
 * @since 0.1.0
 */
export const facebook: Encoded = {
  provider: "facebook",
  authorizationEndpoint: "https://www.facebook.com/{version}/dialog/oauth",
  tokenEndpoint: "https://graph.facebook.com/{version}/oauth/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://graph.facebook.com"],
  variables: {
    version: { description: "the version of the Graph API", default: "v25.0", pattern: "^v[0-9]{1,3}\\.[0-9]{1,2}$" }
  },
  dialect: {
    authorizationCode: { then: { grantType: "fb_exchange_token", parameter: "fb_exchange_token" } },
    refreshToken: { presents: "access_token", grantType: "fb_exchange_token" },
    requests: { token: { method: "GET" }, refreshToken: { names: { refresh_token: "fb_exchange_token" } } },
    answers: { error: "error.code", errorDescription: "error.message", errorCodes: { "190": "invalid_grant" } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived",
    read: "2026-11-29",
    standing: "documented",
    about:
      "The exchange, by GET, with its answer; about 60 days; a token that ended cannot be exchanged. The version of September 2026 is v25.0."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The authorization endpoint."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "That a long-lived token is exchanged again."
  }]
}
