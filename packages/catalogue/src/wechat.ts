/**
 * WeChat: websites and official accounts. The client is appid and secret, requests are GETs, answers tell errors
 * as numbers with a status of 200. The API takes the token, with openid, in the query.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * WeChat.
 *
 * @category providers
 * @since 0.1.0
 */
export const wechat: Encoded = {
  provider: "wechat",
  authorizationEndpoint: "https://open.weixin.qq.com/connect/qrconnect",
  tokenEndpoint: "https://api.weixin.qq.com/sns/oauth2/access_token",
  refreshEndpoint: "https://api.weixin.qq.com/sns/oauth2/refresh_token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.weixin.qq.com"],
  dialect: {
    authorization: { scopeSeparator: ",", pkce: "none", names: { client_id: "appid" } },
    authorizationCode: { redirectUri: "omitted" },
    response: { defaultTokenType: "Bearer", scopeSeparator: ",", keep: ["openid", "unionid"] },
    requests: {
      token: { method: "GET", names: { client_id: "appid", client_secret: "secret" } },
      refreshToken: { omit: ["client_secret"] }
    },
    answers: {
      format: "json-by-any-type",
      error: "errcode",
      errorDescription: "errmsg",
      errorCodes: { "40030": "invalid_grant" }
    }
  },
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/wechat.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses (an official account's is /connect/oauth2/authorize), no token_type, no PKCE."
  }, {
    url: "https://github.com/simov/grant/blob/master/lib/flow/oauth2.js",
    read: "2026-11-29",
    standing: "from third parties",
    about: "appid and secret in the query."
  }, {
    url: "https://github.com/better-auth/better-auth/blob/main/packages/core/src/social-providers/wechat.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The renewal's address and parameters, openid, errcode. That 40030 means a refresh token that is not good is in the tables of codes of many public clients."
  }]
}
