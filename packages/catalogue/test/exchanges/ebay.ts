import type { RecordedExchange } from "@effect-oauth/core/testing"

const url = "https://api.ebay.com/identity/v1/oauth2/token"

const headers = { authorization: "Basic YXBwOnMtM2NyM3Q=" }

export const recording: RecordedExchange.Recording = {
  scopes: ["https://api.ebay.com/oauth/api_scope/sell.inventory"],
  authorization: {
    client_id: "app",
    response_type: "code",
    redirect_uri: "example",
    scope: "https://api.ebay.com/oauth/api_scope/sell.inventory"
  },
  callback: { code: "c-1", expires_in: "299" },
  login: [{
    request: {
      url,
      parameters: { grant_type: "authorization_code", code: "c-1", redirect_uri: "example", code_verifier: "~" },
      headers
    },
    answer: {
      body: {
        access_token: "token-1",
        expires_in: 7200,
        refresh_token: "r-1",
        refresh_token_expires_in: 47_304_000,
        token_type: "User Access Token"
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 7200, refreshTokenExpiresIn: 47_304_000 },
  refresh: {
    request: { url, parameters: { grant_type: "refresh_token", refresh_token: "r-1" }, headers },
    answer: { body: { access_token: "token-2", expires_in: 7200, token_type: "User Access Token" } },
    gives: { token: "token-2", renewable: true, expiresIn: 7200 }
  },
  refused: {
    status: 400,
    body: {
      error: "invalid_grant",
      error_description: "the provided authorization refresh token is invalid or was issued to another client"
    }
  }
}

export const direct: RecordedExchange.Direct = {
  grantType: "client_credentials",
  parameters: { scope: "https://api.ebay.com/oauth/api_scope" },
  exchange: {
    request: {
      url,
      parameters: { grant_type: "client_credentials", scope: "https://api.ebay.com/oauth/api_scope" },
      headers
    },
    answer: { body: { access_token: "token-1", expires_in: 7200, token_type: "Application Access Token" } }
  },
  gives: { token: "token-1", renewable: false, expiresIn: 7200 }
}
