import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["PAYMENTS_READ", "ITEMS_READ"],
  authorization: { client_id: "app", scope: "PAYMENTS_READ ITEMS_READ", session: "false" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://connect.squareup.com/oauth2/token",
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        access_token: "sq-1",
        token_type: "bearer",
        expires_at: "1970-01-31T00:00:00Z",
        merchant_id: "M1",
        refresh_token: "r-1",
        short_lived: false
      }
    }
  }],
  gives: { token: "sq-1", renewable: true, expiresIn: 2592000, kept: { merchant_id: "M1" } },
  refresh: {
    request: {
      url: "https://connect.squareup.com/oauth2/token",
      encoding: "json",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "sq-2",
        token_type: "bearer",
        expires_at: "1970-01-31T00:00:00Z",
        merchant_id: "M1",
        refresh_token: "r-1",
        short_lived: false
      }
    },
    gives: { token: "sq-2", renewable: true, expiresIn: 2592000 }
  }
}
