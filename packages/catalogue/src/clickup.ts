/**
 * ClickUp: a person's workspaces.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * ClickUp.
 *
 * @category providers
 * @since 0.1.0
 */
export const clickup: Encoded = {
  provider: "clickup",
  authorizationEndpoint: "https://app.clickup.com/api",
  tokenEndpoint: "https://api.clickup.com/api/v2/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.clickup.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
