import type { RecordedExchange } from "@effect-oauth/core/testing"

const url = "https://api.mollie.com/oauth2/tokens"

const headers = { authorization: "Basic YXBwOnMtM2NyM3Q=" }

export const recording: RecordedExchange.Recording = {
  scopes: ["payments.read", "organizations.read"],
  authorization: { client_id: "app", scope: "payments.read organizations.read" },
  callback: { code: "auth_1" },
  login: [{
    request: {
      url,
      parameters: {
        grant_type: "authorization_code",
        code: "auth_1",
        redirect_uri: "https://client.test/callback"
      },
      headers
    },
    answer: {
      body: {
        access_token: "access_1",
        refresh_token: "refresh_1",
        expires_in: 3600,
        token_type: "bearer",
        scope: "payments.read organizations.read"
      }
    }
  }],
  gives: { token: "access_1", renewable: true, expiresIn: 3600 },
  revocation: {
    request: {
      method: "DELETE",
      url,
      parameters: { token: "refresh_1", token_type_hint: "refresh_token" },
      headers
    },
    answer: { status: 204, body: "" }
  }
}
