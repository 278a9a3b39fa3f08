import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["friends", "photos"],
  authorization: { client_id: "app", scope: "friends,photos" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://oauth.vk.com/access_token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "token-1", expires_in: 86400, user_id: 1 } }
  }],
  gives: { token: "token-1", renewable: false, expiresIn: 86400, kept: { user_id: 1 } }
}
