import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["activity", "sleep"],
  authorization: { client_id: "app", scope: "activity sleep", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.fitbit.com/oauth2/token",
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
        access_token: "token-1",
        token_type: "Bearer",
        expires_in: 28800,
        user_id: "22942C",
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 28800, kept: { user_id: "22942C" } },
  fault: {
    status: 400,
    body: { errors: [{ errorType: "invalid_request", message: "Missing parameter: code" }], success: false },
    code: "invalid_request",
    description: "Missing parameter: code"
  },
  refresh: {
    request: {
      url: "https://api.fitbit.com/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "Bearer",
        expires_in: 28800,
        user_id: "22942C",
        refresh_token: "r-2"
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 28800 }
  },
  refused: {
    status: 400,
    body: { errors: [{ errorType: "invalid_grant", message: "Refresh token invalid: r-1." }], success: false }
  }
}
