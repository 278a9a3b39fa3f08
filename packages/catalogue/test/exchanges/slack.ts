import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["chat:write", "users:read"],
  authorization: { client_id: "app", scope: "chat:write,users:read", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://slack.com/api/oauth.v2.access",
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
        ok: true,
        access_token: "xoxe.xoxb-1",
        token_type: "bot",
        scope: "chat:write,users:read",
        bot_user_id: "U0",
        app_id: "A0",
        expires_in: 43200,
        refresh_token: "r-1",
        team: { id: "T0", name: "Team" },
        enterprise: null,
        authed_user: {
          id: "U1",
          scope: "search:read",
          access_token: "xoxe.xoxp-1",
          token_type: "user",
          expires_in: 43200,
          refresh_token: "r-u-1"
        }
      }
    }
  }],
  gives: {
    token: "xoxe.xoxb-1",
    renewable: true,
    expiresIn: 43200,
    scopes: ["chat:write", "users:read"],
    parts: { user: "xoxe.xoxp-1" },
    kept: { bot_user_id: "U0", team: { id: "T0", name: "Team" } }
  },
  refresh: {
    request: {
      url: "https://slack.com/api/oauth.v2.access",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        ok: true,
        access_token: "xoxe.xoxb-2",
        token_type: "bot",
        scope: "chat:write,users:read",
        bot_user_id: "U0",
        app_id: "A0",
        expires_in: 43200,
        refresh_token: "r-2",
        team: { id: "T0", name: "Team" }
      }
    },
    gives: { token: "xoxe.xoxb-2", renewable: true, expiresIn: 43200 }
  },
  refused: { status: 200, body: { ok: false, error: "invalid_refresh_token" } }
}
