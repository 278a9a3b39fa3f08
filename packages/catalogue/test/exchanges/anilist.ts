import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://anilist.co/api/v2/oauth/token",
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { token_type: "Bearer", expires_in: 31536000, access_token: "al-1" } }
  }],
  gives: { token: "al-1", renewable: false, expiresIn: 31536000 }
}
