import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["user.info.basic", "video.list"],
  authorization: { scope: "user.info.basic,video.list", client_key: "app" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://business-api.tiktok.com/open_api/v1.3/tt_user/oauth2/token/",
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t",
        auth_code: "c-1"
      }
    },
    answer: {
      body: {
        code: 0,
        message: "OK",
        request_id: "2026",
        data: {
          access_token: "token-1",
          token_type: "Bearer",
          scope: "user.info.basic,video.list",
          expires_in: 86400,
          refresh_token: "r-1",
          refresh_token_expires_in: 31536000,
          open_id: "o-1"
        }
      }
    }
  }],
  gives: {
    token: "token-1",
    renewable: true,
    expiresIn: 86400,
    refreshTokenExpiresIn: 31536000,
    scopes: ["user.info.basic", "video.list"],
    kept: { open_id: "o-1" }
  },
  fault: {
    body: { code: 40002, message: "The code is not valid", request_id: "2026", data: {} },
    code: "40002",
    description: "The code is not valid"
  },
  refresh: {
    request: {
      url: "https://business-api.tiktok.com/open_api/v1.3/tt_user/oauth2/refresh_token/",
      encoding: "json",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        code: 0,
        message: "OK",
        request_id: "2027",
        data: {
          access_token: "token-2",
          token_type: "Bearer",
          scope: "user.info.basic,video.list",
          expires_in: 86400,
          refresh_token: "r-2",
          refresh_token_expires_in: 31536000,
          open_id: "o-1"
        }
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 86400 }
  }
}
