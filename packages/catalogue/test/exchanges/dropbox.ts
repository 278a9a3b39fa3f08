import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["files.content.read", "account_info.read"],
  authorization: {
    client_id: "app",
    scope: "files.content.read account_info.read",
    code_challenge_method: "S256",
    token_access_type: "offline"
  },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.dropboxapi.com/oauth2/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      headers: { "content-type": "text/javascript" },
      body:
        "{\"access_token\":\"sl.1\",\"token_type\":\"bearer\",\"expires_in\":14400,\"refresh_token\":\"r-1\",\"scope\":\"files.content.read account_info.read\",\"account_id\":\"dbid:1\"}"
    }
  }],
  gives: { token: "sl.1", renewable: true, expiresIn: 14400, kept: { account_id: "dbid:1" } },
  refresh: {
    request: {
      url: "https://api.dropboxapi.com/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-2", token_type: "Bearer", expires_in: 14400 } },
    gives: { token: "token-2", renewable: true, expiresIn: 14400 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
