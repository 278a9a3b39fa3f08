import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["wsReadOnly", "wsReadWrite"],
  authorization: { client_id: "app", scope: "wsReadOnly,wsReadWrite", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://login.wrike.com/oauth2/token",
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
        expires_in: 3600,
        host: "www.wrike.com",
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 3600, kept: { host: "www.wrike.com" } },
  refresh: {
    request: {
      url: "https://login.wrike.com/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "Bearer",
        expires_in: 3600,
        host: "www.wrike.com",
        refresh_token: "r-2"
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
