import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["accounting.transactions", "offline_access"],
  authorization: { client_id: "app", scope: "accounting.transactions offline_access", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://identity.xero.com/connect/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "xe-1",
        expires_in: 1800,
        token_type: "Bearer",
        refresh_token: "r-1",
        scope: "accounting.transactions offline_access"
      }
    }
  }],
  gives: { token: "xe-1", renewable: true, expiresIn: 1800, refreshTokenExpiresIn: 5184000 },
  refresh: {
    request: {
      url: "https://identity.xero.com/connect/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "xe-2",
        expires_in: 1800,
        token_type: "Bearer",
        refresh_token: "r-2",
        scope: "accounting.transactions offline_access"
      }
    },
    gives: { token: "xe-2", renewable: true, expiresIn: 1800 }
  },
  refused: { status: 400, body: { error: "invalid_grant" } }
}
