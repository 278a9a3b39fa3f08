import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["channel:read:polls", "user:read:email"],
  authorization: { client_id: "app", scope: "channel:read:polls user:read:email", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://id.twitch.tv/oauth2/token",
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
        expires_in: 14124,
        scope: ["channel:read:polls", "user:read:email"],
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 14124 },
  fault: {
    status: 400,
    body: { status: 400, message: "Invalid authorization code" },
    code: "Invalid authorization code",
    description: "Invalid authorization code"
  },
  refresh: {
    request: {
      url: "https://id.twitch.tv/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "Bearer",
        expires_in: 14124,
        scope: ["channel:read:polls", "user:read:email"],
        refresh_token: "r-2"
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 14124 }
  },
  refused: { status: 400, body: { status: 400, message: "Invalid refresh token" } },
  revocation: {
    request: {
      url: "https://id.twitch.tv/oauth2/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: { body: {} }
  }
}
