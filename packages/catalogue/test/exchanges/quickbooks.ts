import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["com.intuit.quickbooks.accounting"],
  authorization: { client_id: "app", scope: "com.intuit.quickbooks.accounting", code_challenge_method: "S256" },
  callback: { code: "c-1", realmId: "4620816365" },
  login: [{
    request: {
      url: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        token_type: "bearer",
        expires_in: 3600,
        refresh_token: "r-1",
        x_refresh_token_expires_in: 8726400,
        access_token: "qb-1"
      }
    }
  }],
  gives: {
    token: "qb-1",
    renewable: true,
    expiresIn: 3600,
    refreshTokenExpiresIn: 8726400,
    kept: { realmId: "4620816365" }
  },
  refresh: {
    request: {
      url: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        token_type: "bearer",
        expires_in: 3600,
        refresh_token: "r-2",
        x_refresh_token_expires_in: 8726400,
        access_token: "qb-2"
      }
    },
    gives: { token: "qb-2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "Token invalid" } },
  revocation: {
    request: {
      url: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: {} }
  }
}
