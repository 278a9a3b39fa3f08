/**
 * Wrike: scopes by comma. The answer names the host of the account's API: add https://<host> to your client where
 * that is not www.wrike.com.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Wrike.
 *
 * @category providers
 * @since 0.1.0
 */
export const wrike: Encoded = {
  provider: "wrike",
  authorizationEndpoint: "https://login.wrike.com/oauth2/authorize/v4",
  tokenEndpoint: "https://login.wrike.com/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://www.wrike.com"],
  dialect: { authorization: { scopeSeparator: "," }, response: { keep: ["host"] } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, scopes by comma, host in the answer."
  }]
}
