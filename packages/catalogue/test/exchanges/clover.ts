import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app" },
  callback: { code: "c-1", merchant_id: "M1" },
  login: [{
    request: {
      url: "https://api.clover.com/oauth/v2/token",
      encoding: "json",
      parameters: { code: "c-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: { body: { access_token: "token-1", access_token_expiration: 1800, refresh_token: "r-1" } }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 1800, kept: { merchant_id: "M1" } },
  refresh: {
    request: {
      url: "https://api.clover.com/oauth/v2/refresh",
      encoding: "json",
      parameters: { refresh_token: "r-1", client_id: "app" }
    },
    answer: { body: { access_token: "token-2", access_token_expiration: 1800, refresh_token: "r-2" } },
    gives: { token: "token-2", renewable: true, expiresIn: 1800 }
  }
}
