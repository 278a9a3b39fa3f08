import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["boards:read", "me:read"],
  authorization: { client_id: "app", scope: "boards:read me:read" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://auth.monday.com/oauth2/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer" } }
  }],
  gives: { token: "token-1", renewable: false }
}
