import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["tweet.read", "offline.access"],
  authorization: { client_id: "app", scope: "tweet.read offline.access", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.twitter.com/2/oauth2/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer", expires_in: 7200, refresh_token: "r-1" } }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 7200 },
  refresh: {
    request: {
      url: "https://api.twitter.com/2/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 7200, refresh_token: "r-2" } },
    gives: { token: "token-2", renewable: true, expiresIn: 7200 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } },
  revocation: {
    request: {
      url: "https://api.twitter.com/2/oauth2/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: {} }
  }
}
