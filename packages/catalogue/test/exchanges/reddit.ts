import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["identity", "read"],
  authorization: { client_id: "app", scope: "identity read", code_challenge_method: "S256", duration: "permanent" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://www.reddit.com/api/v1/access_token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer", expires_in: 86400, refresh_token: "r-1" } }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 86400 },
  refresh: {
    request: {
      url: "https://www.reddit.com/api/v1/access_token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 86400, refresh_token: "r-2" } },
    gives: { token: "token-2", renewable: true, expiresIn: 86400 }
  },
  refused: { status: 400, body: { message: "Bad Request", error: "invalid_grant" } }
}
