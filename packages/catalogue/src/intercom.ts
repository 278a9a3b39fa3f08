/**
 * Intercom: workspaces in the United States.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Intercom.
 *
 * @category providers
 * @since 0.1.0
 */
export const intercom: Encoded = {
  provider: "intercom",
  authorizationEndpoint: "https://app.intercom.com/oauth",
  tokenEndpoint: "https://api.intercom.io/auth/eagle/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.intercom.io"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints. Other regions have hosts of their own."
  }]
}
