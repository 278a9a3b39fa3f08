import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["openid", "profile"],
  authorization: { client_id: "app", scope: "openid profile" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://www.linkedin.com/oauth/v2/accessToken",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        access_token: "AQX-1",
        expires_in: 5184000,
        refresh_token: "r-1",
        refresh_token_expires_in: 31536000,
        scope: "openid profile"
      }
    }
  }],
  gives: {
    token: "AQX-1",
    renewable: true,
    expiresIn: 5184000,
    refreshTokenExpiresIn: 31536000,
    scopes: ["openid", "profile"]
  },
  refresh: {
    request: {
      url: "https://www.linkedin.com/oauth/v2/accessToken",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: { access_token: "AQX-2", expires_in: 5184000, refresh_token: "r-1", refresh_token_expires_in: 26438400 }
    },
    gives: { token: "AQX-2", renewable: true, expiresIn: 5184000 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
