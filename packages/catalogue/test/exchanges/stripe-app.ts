import type { RecordedExchange } from "@effect-oauth/core/testing"

export const recording: RecordedExchange.Recording = {
  scopes: [],
  authorization: { client_id: "app" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://api.stripe.com/v1/oauth/token",
      parameters: { grant_type: "authorization_code", code: "c-1", redirect_uri: "https://client.test/callback" },
      headers: { authorization: "Basic cy0zY3IzdDo=" }
    },
    answer: {
      body: {
        access_token: "sk_1",
        refresh_token: "r-1",
        token_type: "bearer",
        scope: "stripe_apps",
        livemode: true,
        stripe_user_id: "acct_1",
        stripe_publishable_key: "pk_1"
      }
    }
  }],
  gives: { token: "sk_1", renewable: true, expiresIn: 3600, kept: { stripe_user_id: "acct_1" } },
  refresh: {
    request: {
      url: "https://api.stripe.com/v1/oauth/token",
      parameters: { grant_type: "refresh_token", refresh_token: "r-1" },
      headers: { authorization: "Basic cy0zY3IzdDo=" }
    },
    answer: {
      body: {
        access_token: "sk_2",
        refresh_token: "r-2",
        token_type: "bearer",
        scope: "stripe_apps",
        livemode: true,
        stripe_user_id: "acct_1"
      }
    },
    gives: { token: "sk_2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "invalid_grant", error_description: "The refresh token is not valid." } }
}
