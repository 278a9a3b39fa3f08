import type { RecordedExchange } from "@effect-oauth/core/testing"

export const direct: RecordedExchange.Direct = {
  grantType: "password",
  parameters: { username: "ada", password: "example" },
  exchange: {
    request: {
      url: "https://example/rest/login",
      parameters: { grant_type: "password", username: "ada", password: "example", client_id: "app" }
    },
    answer: { body: { tokenType: "Bearer", expiresIn: 86400, accessToken: "token-1", refreshToken: "r-1" } }
  },
  gives: { token: "token-1", renewable: true, expiresIn: 86400 }
}
