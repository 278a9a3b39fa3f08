/**
 * PayPal: Log in with PayPal, and the REST API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * PayPal.
 *
 * @category providers
 * @since 0.1.0
 */
export const paypal: Encoded = {
  provider: "paypal",
  authorizationEndpoint: "https://www.paypal.com/signin/authorize",
  tokenEndpoint: "https://api.paypal.com/v1/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api-m.paypal.com", "https://api.paypal.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }]
}
