/**
 * Sage: Sage Accounting.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Sage.
 *
 * @category providers
 * @since 0.1.0
 */
export const sage: Encoded = {
  provider: "sage",
  authorizationEndpoint: "https://www.sageone.com/oauth2/auth/central",
  tokenEndpoint: "https://oauth.accounting.sage.com/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.accounting.sage.com"],
  dialect: { authorization: { parameters: { filter: "apiv3.1" } } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and filter."
  }]
}
