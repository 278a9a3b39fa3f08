import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://auth-west.bullhornstaffing.com/oauth/token",
      encoding: "query",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "short-1", token_type: "Bearer", expires_in: 600, refresh_token: "r-1" } }
  }, {
    request: {
      url: "https://rest-west.bullhornstaffing.com/rest-services/login",
      encoding: "query",
      parameters: { access_token: "short-1", version: "*", ttl: "10080" }
    },
    answer: { body: { BhRestToken: "session-1", restUrl: "https://rest9.bullhornstaffing.com/rest-services/abc/" } }
  }],
  gives: {
    token: "session-1",
    renewable: true,
    expiresIn: 604800,
    kept: { restUrl: "https://rest9.bullhornstaffing.com/rest-services/abc/" }
  }
}
