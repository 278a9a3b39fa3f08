import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["api", "refresh_token"],
  authorization: { client_id: "app", scope: "api refresh_token", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://login.salesforce.com/services/oauth2/token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        access_token: "00D!1",
        refresh_token: "r-1",
        instance_url: "https://acme.my.salesforce.com",
        id: "https://login.salesforce.com/id/00D/005",
        issued_at: "1278448101416",
        signature: "c2ln",
        scope: "api refresh_token",
        token_type: "Bearer"
      }
    }
  }],
  gives: {
    token: "00D!1",
    renewable: true,
    kept: { instance_url: "https://acme.my.salesforce.com", id: "https://login.salesforce.com/id/00D/005" },
    scopes: ["api", "refresh_token"]
  },
  refresh: {
    request: {
      url: "https://login.salesforce.com/services/oauth2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "00D!2",
        instance_url: "https://acme.my.salesforce.com",
        id: "https://login.salesforce.com/id/00D/005",
        issued_at: "1278448384422",
        signature: "c2ln",
        scope: "api refresh_token",
        token_type: "Bearer"
      }
    },
    gives: { token: "00D!2", renewable: true }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "expired access/refresh token" } },
  revocation: {
    request: {
      url: "https://login.salesforce.com/services/oauth2/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: { body: {} }
  }
}
