import type { RecordedExchange } from "@effect-oauth/core/testing"

export const direct: RecordedExchange.Direct = {
  grantType: "authorization_code",
  parameters: { code: "c-1" },
  exchange: {
    request: {
      url: "https://sentry.io/api/0/sentry-app-installations/example/authorizations/",
      encoding: "json",
      parameters: { grant_type: "authorization_code", code: "c-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      status: 201,
      body: {
        id: "37",
        token: "token-1",
        refreshToken: "r-1",
        dateCreated: "1970-01-01T00:00:00.000Z",
        expiresAt: "1970-01-01T08:00:00.000Z",
        state: null,
        application: null
      }
    }
  },
  gives: { token: "token-1", renewable: true, expiresIn: 28800 }
}
