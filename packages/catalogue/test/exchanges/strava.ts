import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["read", "activity:read"],
  authorization: {
    client_id: "app",
    scope: "read,activity:read",
    code_challenge_method: "S256",
    approval_prompt: "auto"
  },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://www.strava.com/api/v3/oauth/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        token_type: "Bearer",
        expires_at: 21600,
        expires_in: 21600,
        refresh_token: "r-1",
        access_token: "token-1",
        athlete: { id: 1 }
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 21600 },
  refresh: {
    request: {
      url: "https://www.strava.com/api/v3/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        token_type: "Bearer",
        access_token: "token-2",
        expires_at: 21600,
        expires_in: 21600,
        refresh_token: "r-2"
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 21600 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
