import type { RecordedExchange } from "@effect-oauth/core/testing"

export const direct: RecordedExchange.Direct = {
  grantType: "client_credentials",
  parameters: {},
  exchange: {
    request: {
      url: "https://cert.api.fiservapps.com/fts-apim/oauth2/v2",
      parameters: { grant_type: "client_credentials" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "token-1", token_type: "Bearer", expires_in: 900000 } }
  },
  gives: { token: "token-1", renewable: false, expiresIn: 900 }
}
