/**
 * monday.com: no renewal is known.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * monday.com.
 *
 * @category providers
 * @since 0.1.0
 */
export const monday: Encoded = {
  provider: "monday",
  authorizationEndpoint: "https://auth.monday.com/oauth2/authorize",
  tokenEndpoint: "https://auth.monday.com/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.monday.com"],
  dialect: { authorization: { pkce: "none" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE off."
  }]
}
