import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["email", "pages_show_list"],
  authorization: { client_id: "app", scope: "email pages_show_list", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      method: "GET",
      url: "https://graph.facebook.com/v25.0/oauth/access_token",
      encoding: "query",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "EAA-short", token_type: "bearer", expires_in: 5183 } }
  }, {
    request: {
      method: "GET",
      url: "https://graph.facebook.com/v25.0/oauth/access_token",
      encoding: "query",
      parameters: {
        grant_type: "fb_exchange_token",
        fb_exchange_token: "EAA-short",
        client_id: "app",
        client_secret: "s-3cr3t"
      }
    },
    answer: { body: { access_token: "EAA-1", token_type: "bearer", expires_in: 5183944 } }
  }],
  gives: { token: "EAA-1", renewable: true, expiresIn: 5183944 },
  fault: {
    status: 400,
    body: {
      error: { message: "Invalid verification code format.", type: "OAuthException", code: 100, fbtrace_id: "AbD" }
    },
    code: "100",
    description: "Invalid verification code format."
  },
  refresh: {
    request: {
      method: "GET",
      url: "https://graph.facebook.com/v25.0/oauth/access_token",
      encoding: "query",
      parameters: {
        grant_type: "fb_exchange_token",
        client_id: "app",
        client_secret: "s-3cr3t",
        fb_exchange_token: "EAA-1"
      }
    },
    answer: { body: { access_token: "EAA-2", token_type: "bearer", expires_in: 5183944 } },
    gives: { token: "EAA-2", renewable: true, expiresIn: 5183944 }
  },
  refused: {
    status: 400,
    body: {
      error: {
        message: "Error validating access token: Session has expired",
        type: "OAuthException",
        code: 190,
        error_subcode: 463,
        fbtrace_id: "AbC"
      }
    }
  }
}
