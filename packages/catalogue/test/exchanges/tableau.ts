import type { RecordedExchange } from "@effect-oauth/core/testing"

export const direct: RecordedExchange.Direct = {
  grantType: "client_credentials",
  parameters: {},
  exchange: {
    request: {
      url: "https://example/api/3.26/auth/signin",
      encoding: "json",
      parameters: {
        credentials: {
          personalAccessTokenName: "app",
          personalAccessTokenSecret: "s-3cr3t",
          site: { contentUrl: "example" }
        }
      }
    },
    answer: {
      body: {
        credentials: {
          site: { id: "9a8b7c6d", contentUrl: "example" },
          user: { id: "9f9e9d9c" },
          token: "token-1",
          estimatedTimeToExpiration: "3:59:30"
        }
      }
    }
  },
  gives: { token: "token-1", renewable: false, expiresIn: 14_370 }
}
