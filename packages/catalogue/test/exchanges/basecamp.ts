import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", code_challenge_method: "S256", type: "web_server" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://launchpad.37signals.com/authorization/token",
      parameters: {
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t",
        type: "web_server"
      }
    },
    answer: { body: { access_token: "bc-1", expires_in: 1209600, refresh_token: "r-1" } }
  }],
  gives: { token: "bc-1", renewable: true, expiresIn: 1209600 },
  refresh: {
    request: {
      url: "https://launchpad.37signals.com/authorization/token",
      parameters: { refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t", type: "refresh" }
    },
    answer: { body: { access_token: "bc-2", expires_in: 1209600 } },
    gives: { token: "bc-2", renewable: true, expiresIn: 1209600 }
  }
}
