import type { RecordedExchange } from "@effect-oauth/core/testing"

const url = "https://api.podio.com/oauth/token/v2"

const client = { client_id: "app", client_secret: "s-3cr3t" }

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app", redirect_uri: "https://client.test/callback" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url,
      encoding: "json",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        ...client
      }
    },
    answer: {
      body: {
        access_token: "token-1",
        token_type: "bearer",
        expires_in: 28_800,
        refresh_token: "r-1",
        ref: { type: "user", id: 1 }
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 28_800, kept: { ref: { type: "user", id: 1 } } },
  refresh: {
    request: { url, encoding: "json", parameters: { grant_type: "refresh_token", refresh_token: "r-1", ...client } },
    answer: {
      body: {
        access_token: "token-2",
        token_type: "bearer",
        expires_in: 28_800,
        refresh_token: "r-1",
        ref: { type: "user", id: 1 }
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 28_800 }
  }
}
