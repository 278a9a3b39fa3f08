import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["name", "email"],
  authorization: { client_id: "app", scope: "name email", code_challenge_method: "S256", response_mode: "form_post" },
  callback: { code: "c-1", user: "{\"name\":{\"firstName\":\"Ada\",\"lastName\":\"Example\"}}" },
  login: [{
    request: {
      url: "https://appleid.apple.com/auth/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "example to https://appleid.apple.com"
      }
    },
    answer: { body: { access_token: "ap-1", token_type: "Bearer", expires_in: 3600, refresh_token: "r-1" } }
  }],
  gives: {
    token: "ap-1",
    renewable: true,
    expiresIn: 3600,
    kept: { user: "{\"name\":{\"firstName\":\"Ada\",\"lastName\":\"Example\"}}" }
  },
  refresh: {
    request: {
      url: "https://appleid.apple.com/auth/token",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_id: "app",
        client_secret: "example to https://appleid.apple.com"
      }
    },
    answer: { body: { access_token: "ap-2", token_type: "Bearer", expires_in: 3600 } },
    gives: { token: "ap-2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "invalid_grant" } },
  revocation: {
    request: {
      url: "https://appleid.apple.com/auth/revoke",
      parameters: {
        token: "r-1",
        token_type_hint: "refresh_token",
        client_id: "app",
        client_secret: "example to https://appleid.apple.com"
      }
    },
    answer: { body: {} }
  }
}
