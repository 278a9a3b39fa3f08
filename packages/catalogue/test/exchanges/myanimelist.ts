import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", code_challenge_method: "plain" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://myanimelist.net/v1/oauth2/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer", expires_in: 2678400, refresh_token: "r-1" } }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 2678400 },
  refresh: {
    request: {
      url: "https://myanimelist.net/v1/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 2678400, refresh_token: "r-2" } },
    gives: { token: "token-2", renewable: true, expiresIn: 2678400 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
