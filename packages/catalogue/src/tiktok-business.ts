/**
 * TikTok for Business: the Marketing API. The code comes as auth_code, the client is app_id and secret in JSON,
 * and the tokens, which do not end, are under data. The API takes the token in the header Access-Token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * TikTok for Business.
 *
 * @category providers
 * @since 0.1.0
 */
export const tiktokBusiness: Encoded = {
  provider: "tiktok-business",
  authorizationEndpoint: "https://business-api.tiktok.com/portal/auth",
  tokenEndpoint: "https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
  clientAuthentication: "post",
  apiOrigins: ["https://business-api.tiktok.com"],
  dialect: {
    authorization: { pkce: "none", names: { client_id: "app_id" } },
    authorizationResponse: { names: { code: "auth_code" } },
    authorizationCode: { redirectUri: "omitted" },
    response: { defaultTokenType: "Bearer", keep: ["advertiser_ids"] },
    requests: {
      token: {
        encoding: "json",
        names: { client_id: "app_id", client_secret: "secret", code: "auth_code" },
        omit: ["grant_type"]
      }
    },
    answers: { path: "data", scope: "ignored", error: "code", errorDescription: "message" }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, app_id."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The body of the request, without a verifier; data in the answer."
  }]
}
