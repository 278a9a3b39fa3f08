import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", code_challenge_method: "S256", provider: "authkit" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.workos.com/user_management/authenticate",
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        user: { id: "user_1" },
        access_token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MzAwfQ.c2ln",
        refresh_token: "r-1",
        authentication_method: "Password"
      }
    }
  }],
  gives: { token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MzAwfQ.c2ln", renewable: true, expiresIn: 300 },
  refresh: {
    request: {
      url: "https://api.workos.com/user_management/authenticate",
      encoding: "json",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        user: { id: "user_1" },
        access_token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MzAwfQ.c2lnMg",
        refresh_token: "r-2"
      }
    },
    gives: { token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MzAwfQ.c2lnMg", renewable: true, expiresIn: 300 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
