/**
 * Gusto: Embedded Payroll and app integrations.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Gusto.
 *
 * @category providers
 * @since 0.1.0
 */
export const gusto: Encoded = {
  provider: "gusto",
  authorizationEndpoint: "https://api.gusto.com/oauth/authorize",
  tokenEndpoint: "https://api.gusto.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.gusto.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
