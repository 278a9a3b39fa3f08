/**
 * Braintree: its tokens are in `credentials`, with members in camel case, and both are replaced by a renewal. Its own
 * clients make these requests; no document shows them.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Braintree.
 *
 * @category providers
 * @since 0.1.0
 */
export const braintree: Encoded = {
  provider: "braintree",
  authorizationEndpoint: "https://api.braintreegateway.com/oauth/connect",
  tokenEndpoint: "https://api.braintreegateway.com/oauth/access_tokens",
  clientAuthentication: "basicRaw",
  apiOrigins: ["https://api.braintreegateway.com"],
  dialect: {
    authorization: { pkce: "none", scopeSeparator: "," },
    authorizationResponse: { keep: ["merchantId"] },
    authorizationCode: { redirectUri: "omitted" },
    requests: { token: { encoding: "json", headers: { "x-apiversion": "6" } } },
    response: { refreshTokenLifetime: "180 days" },
    answers: {
      statuses: [201],
      path: "credentials",
      names: { access_token: "accessToken", refresh_token: "refreshToken", token_type: "tokenType" },
      expiresAt: { name: "expiresAt", form: "iso" }
    }
  },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://developer.paypal.com/braintree/docs/guides/extend/oauth/access-tokens",
    read: "2026-11-29",
    standing: "documented",
    about:
      "code, merchantId and state in the callback; credentials with accessToken, refreshToken and expiresAt; 24 hours and 180 days; a renewal gives both anew."
  }, {
    url: "https://github.com/braintree/braintree_node/blob/master/lib/braintree/http.js",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "HTTP Basic, JSON, X-ApiVersion, the statuses. This client asks for XML and reads JSON too; that the tokens come as JSON to who asks for it was not tried."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The addresses and the separator of scopes."
  }]
}
