import type { RecordedExchange } from "@effect-oauth/core/testing"

const url = "https://example.retail.lightspeed.app/api/1.0/token"

const client = { client_id: "app", client_secret: "s-3cr3t" }

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", response_type: "code" },
  callback: { code: "c-1", domain_prefix: "example" },
  login: [{
    request: {
      url,
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        ...client
      }
    },
    answer: {
      body: {
        access_token: "token-1",
        token_type: "Bearer",
        expires: 604_800,
        expires_in: 604_800,
        refresh_token: "r-1",
        domain_prefix: "example",
        scope: ""
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 604_800, kept: { domain_prefix: "example" } },
  refresh: {
    request: { url, parameters: { grant_type: "refresh_token", refresh_token: "r-1", ...client } },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "Bearer",
        expires: 1_209_600,
        expires_in: 604_800,
        refresh_token: "r-2",
        domain_prefix: "example",
        scope: ""
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 604_800 }
  }
}
