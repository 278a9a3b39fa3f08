import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: {
    clientId: "app",
    responseType: "code",
    redirectUri: "https://client.test/callback",
    clientType: "seller"
  },
  callback: { code: "c-1", sellerId: "10000000001" },
  login: [{
    request: {
      url: "https://marketplace.walmartapis.com/v3/token",
      parameters: { grant_type: "authorization_code", code: "c-1", redirect_uri: "https://client.test/callback" },
      headers: {
        "wm_svc.name": "Walmart Marketplace",
        "wm_partner.id": "10000000001",
        authorization: "Basic YXBwOnMtM2NyM3Q="
      }
    },
    answer: { body: { access_token: "wm-1", token_type: "Bearer", expires_in: 900, refresh_token: "r-1" } }
  }],
  gives: { token: "wm-1", renewable: true, expiresIn: 900 },
  refresh: {
    request: {
      url: "https://marketplace.walmartapis.com/v3/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: {
        "wm_svc.name": "Walmart Marketplace",
        "wm_partner.id": "10000000001",
        authorization: "Basic YXBwOnMtM2NyM3Q="
      }
    },
    answer: { body: { access_token: "wm-2", token_type: "Bearer", expires_in: 900 } },
    gives: { token: "wm-2", renewable: true, expiresIn: 900 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
