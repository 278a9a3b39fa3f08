/**
 * Withings: every answer is an envelope of a status and a body, and every request names an action.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Withings.
 *
 * @category providers
 * @since 0.1.0
 */
export const withings: Encoded = {
  provider: "withings",
  authorizationEndpoint: "https://account.withings.com/oauth2_user/authorize2",
  tokenEndpoint: "https://wbsapi.withings.net/v2/oauth2",
  clientAuthentication: "post",
  apiOrigins: ["https://wbsapi.withings.net"],
  dialect: {
    authorization: { scopeSeparator: "," },
    authorizationCode: { parameters: { action: "requesttoken" } },
    refreshToken: { parameters: { action: "requesttoken" } },
    response: { scopeSeparator: ",", keep: ["userid"] },
    answers: { path: "body", error: "status", errorDescription: "error" }
  },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/withings.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, action, scopes by comma."
  }, {
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }, {
    url: "https://github.com/simov/grant/blob/master/lib/flow/oauth2.js",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The envelope. Which status means that a refresh token is spent is not described here: such a refusal is told as a fault, and does not end the grant."
  }]
}
