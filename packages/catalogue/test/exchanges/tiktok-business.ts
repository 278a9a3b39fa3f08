import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { app_id: "app" },
  callback: { auth_code: "c-1" },
  login: [{
    request: {
      url: "https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
      encoding: "json",
      parameters: { app_id: "app", secret: "s-3cr3t", auth_code: "c-1" }
    },
    answer: {
      body: {
        code: 0,
        message: "OK",
        request_id: "2026",
        data: { access_token: "token-1", scope: [4], advertiser_ids: ["1", "2"] }
      }
    }
  }],
  gives: { token: "token-1", renewable: false, kept: { advertiser_ids: ["1", "2"] } },
  fault: {
    body: { code: 40002, message: "The code is not valid", request_id: "2026", data: {} },
    code: "40002",
    description: "The code is not valid"
  }
}
