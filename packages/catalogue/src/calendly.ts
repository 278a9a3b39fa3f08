/**
 * Calendly: the answer names the person and the organization.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Calendly.
 *
 * @category providers
 * @since 0.1.0
 */
export const calendly: Encoded = {
  provider: "calendly",
  authorizationEndpoint: "https://auth.calendly.com/oauth/authorize",
  tokenEndpoint: "https://auth.calendly.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.calendly.com"],
  dialect: { response: { keep: ["owner", "organization"] } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints; owner and organization in the answer."
  }]
}
