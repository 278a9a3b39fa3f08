import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["threads_basic", "threads_content_publish"],
  authorization: { client_id: "app", scope: "threads_basic,threads_content_publish", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://graph.threads.net/oauth/access_token",
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
        access_token: "short",
        user_id: 17841400000000,
        permissions: ["threads_basic", "threads_content_publish"]
      }
    }
  }, {
    request: {
      method: "GET",
      url: "https://graph.threads.net/access_token",
      encoding: "query",
      parameters: { grant_type: "th_exchange_token", access_token: "short", client_secret: "s-3cr3t" }
    },
    answer: { body: { access_token: "long-1", token_type: "bearer", expires_in: 5183944 } }
  }],
  gives: { token: "long-1", renewable: true, expiresIn: 5183944 },
  refresh: {
    request: {
      method: "GET",
      url: "https://graph.threads.net/refresh_access_token",
      encoding: "query",
      parameters: { grant_type: "th_refresh_token", access_token: "long-1" }
    },
    answer: { body: { access_token: "long-2", token_type: "bearer", expires_in: 5183944 } },
    gives: { token: "long-2", renewable: true, expiresIn: 5183944 }
  }
}
