import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["get_user_info", "list_album"],
  authorization: { client_id: "app", scope: "get_user_info,list_album", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      method: "GET",
      url: "https://graph.qq.com/oauth2.0/token",
      encoding: "query",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t",
        fmt: "json"
      }
    },
    answer: {
      headers: { "content-type": "text/html" },
      body: "{\"access_token\":\"token-1\",\"expires_in\":\"7776000\",\"refresh_token\":\"r-1\"}"
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 7776000 },
  refresh: {
    request: {
      method: "GET",
      url: "https://graph.qq.com/oauth2.0/token",
      encoding: "query",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_id: "app",
        client_secret: "s-3cr3t",
        fmt: "json"
      }
    },
    answer: {
      headers: { "content-type": "text/html" },
      body: "{\"access_token\":\"token-2\",\"expires_in\":\"7776000\",\"refresh_token\":\"r-2\"}"
    },
    gives: { token: "token-2", renewable: true, expiresIn: 7776000 }
  }
}
