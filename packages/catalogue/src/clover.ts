/**
 * Clover: JSON with little in it, renewals at an address of their own without the secret, and ends told as seconds
 * since 1970. The callback names the merchant.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Clover.
 *
 * @category providers
 * @since 0.1.0
 */
export const clover: Encoded = {
  provider: "clover",
  authorizationEndpoint: "https://{authorizeHost}/oauth/v2/authorize",
  tokenEndpoint: "https://{apiHost}/oauth/v2/token",
  refreshEndpoint: "https://{apiHost}/oauth/v2/refresh",
  clientAuthentication: "post",
  apiOrigins: ["https://{apiHost}"],
  variables: {
    authorizeHost: {
      description: "the region's host for logins",
      default: "www.clover.com",
      pattern: "^[a-z.]+\\.clover\\.com$"
    },
    apiHost: {
      description: "the region's host of the API",
      default: "api.clover.com",
      pattern: "^[a-z.]+\\.clover\\.com$"
    }
  },
  dialect: {
    authorization: { pkce: "none" },
    authorizationResponse: { keep: ["merchant_id"] },
    authorizationCode: { redirectUri: "omitted" },
    response: { defaultTokenType: "Bearer" },
    requests: { token: { encoding: "json", omit: ["grant_type"] }, refreshToken: { omit: ["client_secret"] } },
    answers: { expiresAt: { name: "access_token_expiration", form: "seconds" } }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, the two hosts, JSON, PKCE off, merchant_id."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "What the two bodies hold, and access_token_expiration."
  }]
}
