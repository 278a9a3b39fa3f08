import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["file_content:read", "file_comments:read"],
  authorization: { client_id: "app", scope: "file_content:read,file_comments:read" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.figma.com/v1/oauth/token",
      parameters: { grant_type: "authorization_code", code: "c-1", redirect_uri: "https://client.test/callback" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "token-1",
        token_type: "Bearer",
        expires_in: 7776000,
        user_id_string: "1",
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 7776000, kept: { user_id_string: "1" } },
  refresh: {
    request: {
      url: "https://api.figma.com/v1/oauth/refresh",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 7776000, user_id_string: "1" } },
    gives: { token: "token-2", renewable: true, expiresIn: 7776000 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
