import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["https://graph.microsoft.com/mail.read", "offline_access"],
  authorization: {
    client_id: "app",
    scope: "https://graph.microsoft.com/mail.read offline_access",
    code_challenge_method: "S256"
  },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
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
        access_token: "en-1",
        token_type: "Bearer",
        expires_in: 86_399,
        refresh_in: 43_199,
        scope: "https://graph.microsoft.com/mail.read",
        refresh_token: "r-1"
      }
    }
  }],
  gives: {
    token: "en-1",
    renewable: true,
    expiresIn: 86_399,
    refreshIn: 43_199,
    scopes: ["https://graph.microsoft.com/mail.read"]
  },
  refresh: {
    request: {
      url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_id: "app",
        client_secret: "s-3cr3t",
        scope: "https://graph.microsoft.com/mail.read offline_access"
      }
    },
    answer: {
      body: {
        access_token: "en-2",
        token_type: "Bearer",
        expires_in: 3599,
        scope: "https://graph.microsoft.com/mail.read",
        refresh_token: "r-2"
      }
    },
    gives: { token: "en-2", renewable: true, expiresIn: 3599 }
  },
  refused: {
    status: 400,
    body: {
      error: "invalid_grant",
      error_description: "AADSTS70008: The provided authorization code or refresh token has expired.",
      error_codes: [70008]
    }
  }
}
