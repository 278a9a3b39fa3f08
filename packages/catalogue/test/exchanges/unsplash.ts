import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["public", "read_user"],
  authorization: { client_id: "app", scope: "public read_user", code_challenge_method: "S256" },
  written: { scope: "public+read_user" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://unsplash.com/oauth/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer" } }
  }],
  gives: { token: "token-1", renewable: false }
}
