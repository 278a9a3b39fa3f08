import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["account_email", "profile_nickname"],
  authorization: { client_id: "app", scope: "account_email profile_nickname", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://kauth.kakao.com/oauth/token",
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
        access_token: "token-1",
        token_type: "Bearer",
        expires_in: 21599,
        refresh_token_expires_in: 5183999,
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 21599, refreshTokenExpiresIn: 5183999 },
  refresh: {
    request: {
      url: "https://kauth.kakao.com/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: { access_token: "token-2", token_type: "Bearer", expires_in: 21599, refresh_token_expires_in: 5183999 }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 21599 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
