import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["ZohoCRM.modules.READ", "ZohoCRM.users.READ"],
  authorization: {
    client_id: "app",
    scope: "ZohoCRM.modules.READ,ZohoCRM.users.READ",
    code_challenge_method: "S256",
    access_type: "offline",
    prompt: "consent"
  },
  callback: { code: "c-1", location: "eu", "accounts-server": "https://accounts.zoho.eu" },
  login: [{
    request: {
      url: "https://accounts.zoho.eu/oauth/v2/token",
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
        access_token: "1000.1",
        refresh_token: "r-1",
        api_domain: "https://www.zohoapis.eu",
        token_type: "Bearer",
        expires_in: 3600
      }
    }
  }],
  gives: {
    token: "1000.1",
    renewable: true,
    expiresIn: 3600,
    kept: { api_domain: "https://www.zohoapis.eu", location: "eu" }
  },
  refresh: {
    request: {
      url: "https://accounts.zoho.eu/oauth/v2/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: { access_token: "1000.2", api_domain: "https://www.zohoapis.eu", token_type: "Bearer", expires_in: 3600 }
    },
    gives: { token: "1000.2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 200, body: { error: "invalid_code" } },
  revocation: {
    request: {
      url: "https://accounts.zoho.eu/oauth/v2/token/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: { body: {} }
  }
}
