import type { RecordedExchange } from "@effect-oauth/core/testing"

const url = "https://api.braintreegateway.com/oauth/access_tokens"

const headers = { authorization: "Basic YXBwOnMtM2NyM3Q=", "x-apiversion": "6" }

export const recording: RecordedExchange.Recording = {
  scopes: ["read_write", "address:create"],
  authorization: { client_id: "app", response_type: "code", scope: "read_write,address:create" },
  callback: { code: "c-1", merchantId: "g8cn" },
  login: [{
    request: { url, encoding: "json", parameters: { grant_type: "authorization_code", code: "c-1" }, headers },
    answer: {
      status: 201,
      body: {
        credentials: {
          accessToken: "token-1",
          refreshToken: "r-1",
          tokenType: "bearer",
          expiresAt: "1970-01-02T00:00:00Z"
        }
      }
    }
  }],
  gives: {
    token: "token-1",
    renewable: true,
    expiresIn: 86_400,
    refreshTokenExpiresIn: 15_552_000,
    kept: { merchantId: "g8cn" }
  },
  refresh: {
    request: { url, encoding: "json", parameters: { grant_type: "refresh_token", refresh_token: "r-1" }, headers },
    answer: {
      status: 201,
      body: {
        credentials: {
          accessToken: "token-2",
          refreshToken: "r-2",
          tokenType: "bearer",
          expiresAt: "1970-01-02T00:00:00Z"
        }
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 86_400 }
  }
}
