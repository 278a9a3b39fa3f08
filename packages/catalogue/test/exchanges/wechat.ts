import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["snsapi_login", "snsapi_userinfo"],
  authorization: { scope: "snsapi_login,snsapi_userinfo", appid: "app" },
  callback: { code: "c-1" },
  login: [{
    request: {
      method: "GET",
      url: "https://api.weixin.qq.com/sns/oauth2/access_token",
      encoding: "query",
      parameters: { grant_type: "authorization_code", code: "c-1", appid: "app", secret: "s-3cr3t" }
    },
    answer: {
      headers: { "content-type": "text/plain" },
      body:
        "{\"access_token\":\"token-1\",\"expires_in\":7200,\"refresh_token\":\"r-1\",\"openid\":\"o-1\",\"scope\":\"snsapi_login,snsapi_userinfo\",\"unionid\":\"u-1\"}"
    }
  }],
  gives: {
    token: "token-1",
    renewable: true,
    expiresIn: 7200,
    scopes: ["snsapi_login", "snsapi_userinfo"],
    kept: { openid: "o-1", unionid: "u-1" }
  },
  fault: {
    status: 200,
    headers: { "content-type": "text/plain" },
    body: "{\"errcode\":40029,\"errmsg\":\"invalid code\"}",
    code: "40029",
    description: "invalid code"
  },
  refresh: {
    request: {
      method: "GET",
      url: "https://api.weixin.qq.com/sns/oauth2/refresh_token",
      encoding: "query",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", appid: "app" }
    },
    answer: {
      headers: { "content-type": "text/plain" },
      body:
        "{\"access_token\":\"token-2\",\"expires_in\":7200,\"refresh_token\":\"r-1\",\"openid\":\"o-1\",\"scope\":\"snsapi_login\"}"
    },
    gives: { token: "token-2", renewable: true, expiresIn: 7200 }
  },
  refused: {
    status: 200,
    headers: { "content-type": "text/plain" },
    body: "{\"errcode\":40030,\"errmsg\":\"invalid refresh_token\"}"
  }
}
