import type { RecordedExchange } from "@effect-oauth/core/testing"

export const direct: RecordedExchange.Direct = {
  grantType: "client_credentials",
  parameters: { scope: "https://api.ebay.com/oauth/api_scope" },
  exchange: {
    request: {
      url: "https://api.ebay.com/identity/v1/oauth2/token",
      parameters: { grant_type: "client_credentials", scope: "https://api.ebay.com/oauth/api_scope" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-1", expires_in: 7200, token_type: "Application Access Token" } }
  },
  gives: { token: "token-1", renewable: false, expiresIn: 7200 }
}
