import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["openid", "offline_access"],
  authorization: { client_id: "app", scope: "openid,offline_access", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://ims-na1.adobelogin.com/ims/token/v3",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~"
      },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: {
      body: { access_token: "ad-1", refresh_token: "r-1", sub: "B0DC1@c62f", token_type: "bearer", expires_in: 86399 }
    }
  }],
  gives: { token: "ad-1", renewable: true, expiresIn: 86399, refreshTokenExpiresIn: 1209600 },
  refresh: {
    request: {
      url: "https://ims-na1.adobelogin.com/ims/token/v3",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: { access_token: "ad-2", refresh_token: "r-2", token_type: "bearer", expires_in: 86399 } },
    gives: { token: "ad-2", renewable: true, expiresIn: 86399 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } },
  revocation: {
    request: {
      url: "https://ims-na1.adobelogin.com/ims/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token" },
      headers: { authorization: "Basic YXBwOnMtM2NyM3Q=" }
    },
    answer: { body: {} }
  }
}
