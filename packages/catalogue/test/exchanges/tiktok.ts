import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["user.info.basic", "video.list"],
  authorization: { scope: "user.info.basic,video.list", client_key: "app" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://open.tiktokapis.com/v2/oauth/token/",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_secret: "s-3cr3t",
        client_key: "app"
      }
    },
    answer: {
      body: {
        open_id: "tt-user",
        scope: "user.info.basic,video.list",
        access_token: "act.1",
        expires_in: 7200,
        refresh_token: "r-1",
        refresh_expires_in: 15552000,
        token_type: "Bearer"
      }
    }
  }],
  gives: {
    token: "act.1",
    renewable: true,
    expiresIn: 7200,
    refreshTokenExpiresIn: 15552000,
    kept: { open_id: "tt-user" },
    scopes: ["user.info.basic", "video.list"]
  },
  refresh: {
    request: {
      url: "https://open.tiktokapis.com/v2/oauth/token/",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_secret: "s-3cr3t", client_key: "app" }
    },
    answer: {
      body: {
        open_id: "tt-user",
        scope: "user.info.basic,video.list",
        access_token: "act.2",
        expires_in: 7200,
        refresh_token: "r-2",
        refresh_expires_in: 15552000,
        token_type: "Bearer"
      }
    },
    gives: { token: "act.2", renewable: true, expiresIn: 7200 }
  },
  refused: {
    status: 400,
    body: { error: "invalid_grant", error_description: "Refresh token is invalid or expired.", log_id: "2026" }
  },
  revocation: {
    request: {
      url: "https://open.tiktokapis.com/v2/oauth/revoke/",
      parameters: { token: "r-1", token_type_hint: "refresh_token", client_secret: "s-3cr3t", client_key: "app" }
    },
    answer: { body: {} }
  }
}
