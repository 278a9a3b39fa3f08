import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["repo", "read:org"],
  authorization: { client_id: "app", scope: "repo read:org", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://github.com/login/oauth/access_token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      },
      headers: { accept: "application/json" }
    },
    answer: {
      body: {
        access_token: "ghu_1",
        expires_in: 28800,
        refresh_token: "ghr_1",
        refresh_token_expires_in: 15811200,
        scope: "repo,read:org",
        token_type: "bearer"
      }
    }
  }],
  gives: {
    token: "ghu_1",
    renewable: true,
    expiresIn: 28800,
    refreshTokenExpiresIn: 15811200,
    scopes: ["repo", "read:org"]
  },
  refresh: {
    request: {
      url: "https://github.com/login/oauth/access_token",
      parameters: { grant_type: "refresh_token", refresh_token: "ghr_1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "ghu_2",
        expires_in: 28800,
        refresh_token: "ghr_2",
        refresh_token_expires_in: 15811200,
        scope: "",
        token_type: "bearer"
      }
    },
    gives: { token: "ghu_2", renewable: true, expiresIn: 28800 }
  },
  refused: {
    body: { error: "bad_refresh_token", error_description: "The refresh token passed is incorrect or expired." }
  }
}
