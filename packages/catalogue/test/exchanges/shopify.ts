import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["read_orders", "write_products"],
  authorization: { client_id: "app", scope: "read_orders,write_products", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://example.myshopify.com/admin/oauth/access_token",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t",
        expiring: "1"
      }
    },
    answer: {
      body: {
        access_token: "shpat_1",
        scope: "read_orders,write_products",
        expires_in: 3600,
        refresh_token: "r-1",
        refresh_token_expires_in: 7776000
      }
    }
  }],
  gives: {
    token: "shpat_1",
    renewable: true,
    expiresIn: 3600,
    refreshTokenExpiresIn: 7776000,
    scopes: ["read_orders", "write_products"]
  },
  refresh: {
    request: {
      url: "https://example.myshopify.com/admin/oauth/access_token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "shpat_2",
        scope: "read_orders,write_products",
        expires_in: 3600,
        refresh_token: "r-2",
        refresh_token_expires_in: 7776000
      }
    },
    gives: { token: "shpat_2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "invalid_grant" } }
}
