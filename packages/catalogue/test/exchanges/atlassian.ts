import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["read:jira-work", "offline_access"],
  authorization: {
    client_id: "app",
    scope: "read:jira-work offline_access",
    code_challenge_method: "S256",
    audience: "api.atlassian.com",
    prompt: "consent"
  },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://auth.atlassian.com/oauth/token",
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
        access_token: "at-1",
        expires_in: 3600,
        token_type: "Bearer",
        refresh_token: "r-1",
        scope: "read:jira-work offline_access"
      }
    }
  }],
  gives: { token: "at-1", renewable: true, expiresIn: 3600 },
  refresh: {
    request: {
      url: "https://auth.atlassian.com/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
    },
    answer: {
      body: {
        access_token: "at-2",
        expires_in: 3600,
        token_type: "Bearer",
        refresh_token: "r-2",
        scope: "read:jira-work offline_access"
      }
    },
    gives: { token: "at-2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 403, body: { error: "invalid_grant", error_description: "Unknown or invalid refresh token." } }
}
