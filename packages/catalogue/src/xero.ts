/**
 * Xero: refresh tokens rotate, and a lost answer may be asked for again for half an hour.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Xero.
 *
 * @category providers
 * @since 0.1.0
 */
export const xero: Encoded = {
  provider: "xero",
  authorizationEndpoint: "https://login.xero.com/identity/connect/authorize",
  tokenEndpoint: "https://identity.xero.com/connect/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.xero.com"],
  dialect: { response: { refreshTokenLifetime: "60 days" } },
  rotation: { policy: "rotating", window: { duration: "30 minutes", idempotent: false } },
  sources: [{
    url: "https://developer.xero.com/faq/oauth2",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Refresh tokens end after 60 days; a renewal gives another one, and for 30 minutes the old one may be presented again where no answer came."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
