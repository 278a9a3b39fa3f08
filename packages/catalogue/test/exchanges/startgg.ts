import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["user.identity", "user.email"],
  authorization: { client_id: "app", scope: "user.identity user.email", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.start.gg/oauth/access_token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t",
        scope: "user.identity user.email"
      }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer", expires_in: 604800, refresh_token: "r-1" } }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 604800 },
  refresh: {
    request: {
      url: "https://api.start.gg/oauth/refresh",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_id: "app",
        client_secret: "s-3cr3t",
        scope: "user.identity user.email"
      }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 604800, refresh_token: "r-2" } },
    gives: { token: "token-2", renewable: true, expiresIn: 604800 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
