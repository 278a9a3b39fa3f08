import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["deals:read", "contacts:read"],
  authorization: { client_id: "app", scope: "deals:read contacts:read" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://oauth.pipedrive.com/oauth/token",
      parameters: { grant_type: "authorization_code", code: "c-1", redirect_uri: "https://client.test/callback" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "token-1",
        token_type: "Bearer",
        expires_in: 3599,
        api_domain: "https://acme.pipedrive.com",
        refresh_token: "r-1"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 3599, kept: { api_domain: "https://acme.pipedrive.com" } },
  refresh: {
    request: {
      url: "https://oauth.pipedrive.com/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "Bearer",
        expires_in: 3599,
        api_domain: "https://acme.pipedrive.com",
        refresh_token: "r-2"
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 3599 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
