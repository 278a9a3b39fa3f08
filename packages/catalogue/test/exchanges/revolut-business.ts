import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["READ", "WRITE"],
  authorization: { client_id: "app", scope: "READ,WRITE" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://b2b.revolut.com/api/1.0/auth/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: "example to https://revolut.com"
      }
    },
    answer: { body: { access_token: "oa_1", token_type: "bearer", expires_in: 2399, refresh_token: "r-1" } }
  }],
  gives: { token: "oa_1", renewable: true, expiresIn: 2399 },
  refresh: {
    request: {
      url: "https://b2b.revolut.com/api/1.0/auth/token",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: "example to https://revolut.com"
      }
    },
    answer: { body: { access_token: "oa_2", token_type: "bearer", expires_in: 2399 } },
    gives: { token: "oa_2", renewable: true, expiresIn: 2399 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
