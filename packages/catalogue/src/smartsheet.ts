/**
 * Smartsheet: accounts in the United States; other regions have hosts of their own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Smartsheet.
 *
 * @category providers
 * @since 0.1.0
 */
export const smartsheet: Encoded = {
  provider: "smartsheet",
  authorizationEndpoint: "https://app.smartsheet.com/b/authorize",
  tokenEndpoint: "https://api.smartsheet.com/2.0/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.smartsheet.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
