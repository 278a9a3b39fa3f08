import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["asset:read", "design:meta:read"],
  authorization: { client_id: "app", scope: "asset:read design:meta:read", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.canva.com/auth/v1/oauth/token",
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
        access_token: "cv-1",
        refresh_token: "r-1",
        token_type: "Bearer",
        expires_in: 14400,
        scope: "asset:read design:meta:read"
      }
    }
  }],
  gives: { token: "cv-1", renewable: true, expiresIn: 14400, scopes: ["asset:read", "design:meta:read"] },
  fault: {
    status: 400,
    body: { code: "invalid_request", message: "The code is missing" },
    code: "invalid_request",
    description: "The code is missing"
  },
  refresh: {
    request: {
      url: "https://api.canva.com/auth/v1/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: {
        access_token: "cv-2",
        refresh_token: "r-2",
        token_type: "Bearer",
        expires_in: 14400,
        scope: "asset:read design:meta:read"
      }
    },
    gives: { token: "cv-2", renewable: true, expiresIn: 14400 }
  },
  refused: { status: 400, body: { code: "invalid_grant", message: "Invalid refresh token" } },
  revocation: {
    request: {
      url: "https://api.canva.com/auth/v1/oauth/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: {} }
  }
}
