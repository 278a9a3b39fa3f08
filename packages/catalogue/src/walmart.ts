/**
 * Walmart Marketplace: names in camel case at the login, and headers at the token endpoint that name the seller.
 * Walmart wants a fresh WM_QOS.CORRELATION_ID in each request, which is for the hook onRequest, and a nonce at the
 * login, which is for its parameters. The API takes the token in the header WM_SEC.ACCESS_TOKEN.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Walmart Marketplace.
 *
 * @category providers
 * @since 0.1.0
 */
export const walmart: Encoded = {
  provider: "walmart",
  authorizationEndpoint: "https://login.account.wal-mart.com/authorize",
  tokenEndpoint: "https://marketplace.walmartapis.com/v3/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://marketplace.walmartapis.com"],
  variables: { sellerId: { from: "grant", pattern: "^[A-Za-z0-9-]{1,64}$", default: "unknown" } },
  dialect: {
    authorization: {
      pkce: "none",
      names: { response_type: "responseType", client_id: "clientId", redirect_uri: "redirectUri" },
      parameters: { clientType: "seller" }
    },
    authorizationResponse: { keep: ["sellerId"] },
    requests: { token: { headers: { "wm_svc.name": "Walmart Marketplace", "wm_partner.id": "{sellerId}" } } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, names, clientType, nonce, PKCE off, sellerId."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic, the headers; a renewal gives no refresh token, and the first one is used on."
  }]
}
