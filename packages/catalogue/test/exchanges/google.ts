import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["https://www.googleapis.com/auth/calendar.readonly"],
  authorization: {
    client_id: "app",
    scope: "https://www.googleapis.com/auth/calendar.readonly",
    code_challenge_method: "S256",
    access_type: "offline",
    prompt: "consent"
  },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://oauth2.googleapis.com/token",
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
        access_token: "ya29.1",
        expires_in: 3599,
        refresh_token: "r-1",
        scope: "https://www.googleapis.com/auth/calendar.readonly",
        token_type: "Bearer"
      }
    }
  }],
  gives: { token: "ya29.1", renewable: true, expiresIn: 3599 },
  device: {
    request: {
      url: "https://oauth2.googleapis.com/device/code",
      parameters: {
        scope: "https://www.googleapis.com/auth/calendar.readonly",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: {
      body: {
        device_code: "4/4-GMMhmHCXhWEzkobqIHGG_EnNYYsAkukHspeYUk9E8",
        user_code: "GQVQ-JKEC",
        verification_url: "https://www.google.com/device",
        expires_in: 1800,
        interval: 5
      }
    },
    verificationUri: "https://www.google.com/device"
  },
  refresh: {
    request: {
      url: "https://oauth2.googleapis.com/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "ya29.2",
        expires_in: 3599,
        scope: "https://www.googleapis.com/auth/calendar.readonly",
        token_type: "Bearer"
      }
    },
    gives: { token: "ya29.2", renewable: true, expiresIn: 3599 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "Token has been expired or revoked." } },
  revocation: {
    request: {
      url: "https://oauth2.googleapis.com/revoke",
      parameters: { token: "r-1", token_type_hint: "refresh_token", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: { body: {} }
  }
}
