import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", code_challenge_method: "S256", owner: "user" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.notion.com/v1/oauth/token",
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "no-1",
        token_type: "bearer",
        refresh_token: "r-1",
        bot_id: "b3414d65",
        workspace_id: "j565j4d7",
        owner: { type: "user" }
      }
    }
  }],
  gives: { token: "no-1", renewable: true, kept: { bot_id: "b3414d65", workspace_id: "j565j4d7" } },
  refresh: {
    request: {
      url: "https://api.notion.com/v1/oauth/token",
      encoding: "json",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "no-2",
        token_type: "bearer",
        refresh_token: "r-2",
        bot_id: "b3414d65",
        workspace_id: "j565j4d7",
        owner: { type: "user" }
      }
    },
    gives: { token: "no-2", renewable: true }
  },
  refused: { status: 400, body: { error: "invalid_grant" } },
  revocation: {
    request: {
      url: "https://api.notion.com/v1/oauth/revoke",
      encoding: "json",
      parameters: { token: "r-1", token_type_hint: "refresh_token" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: {} }
  }
}
