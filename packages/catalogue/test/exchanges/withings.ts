import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: ["user.info", "user.metrics"],
  authorization: { client_id: "app", scope: "user.info,user.metrics", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://wbsapi.withings.net/v2/oauth2",
      parameters: {
        grant_type: "authorization_code",
        code: "c-1",
        redirect_uri: "https://client.test/callback",
        code_verifier: "~",
        client_id: "app",
        client_secret: "s-3cr3t",
        action: "requesttoken"
      }
    },
    answer: {
      body: {
        status: 0,
        body: {
          userid: "363",
          access_token: "token-1",
          refresh_token: "r-1",
          expires_in: 10800,
          scope: "user.info,user.metrics",
          csrf_token: "c",
          token_type: "Bearer"
        }
      }
    }
  }],
  gives: {
    token: "token-1",
    renewable: true,
    expiresIn: 10800,
    scopes: ["user.info", "user.metrics"],
    kept: { userid: "363" }
  },
  fault: {
    body: { status: 503, body: {}, error: "Invalid Params: invalid code" },
    code: "503",
    description: "Invalid Params: invalid code"
  },
  refresh: {
    request: {
      url: "https://wbsapi.withings.net/v2/oauth2",
      parameters: {
        grant_type: "refresh_token",
        refresh_token: "r-1",
        client_id: "app",
        client_secret: "s-3cr3t",
        action: "requesttoken"
      }
    },
    answer: {
      body: {
        status: 0,
        body: {
          userid: "363",
          access_token: "token-2",
          refresh_token: "r-2",
          expires_in: 10800,
          scope: "user.info,user.metrics",
          token_type: "Bearer"
        }
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 10800 }
  }
}
