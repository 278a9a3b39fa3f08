/**
 * TikTok Accounts: the Accounts API of TikTok for Business. JSON, an envelope, and renewals at an address of their
 * own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * TikTok Accounts.
 *
 * @category providers
 * @since 0.1.0
 */
export const tiktokAccounts: Encoded = {
  provider: "tiktok-accounts",
  authorizationEndpoint: "https://www.tiktok.com/v2/auth/authorize/",
  tokenEndpoint: "https://business-api.tiktok.com/open_api/v1.3/tt_user/oauth2/token/",
  refreshEndpoint: "https://business-api.tiktok.com/open_api/v1.3/tt_user/oauth2/refresh_token/",
  clientAuthentication: "post",
  apiOrigins: ["https://business-api.tiktok.com"],
  dialect: {
    authorization: { scopeSeparator: ",", pkce: "none", names: { client_id: "client_key" } },
    response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_token_expires_in", keep: ["open_id"] },
    requests: { token: { encoding: "json" }, authorizationCode: { names: { code: "auth_code" } } },
    answers: { path: "data", error: "code", errorDescription: "message" }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, client_key, scopes by comma."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The bodies of the requests, without a verifier; data in the answer."
  }]
}
