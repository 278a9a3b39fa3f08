/**
 * Typeform: a refresh token comes only when the scope offline was asked for.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Typeform.
 *
 * @category providers
 * @since 0.1.0
 */
export const typeform: Encoded = {
  provider: "typeform",
  authorizationEndpoint: "https://api.typeform.com/oauth/authorize",
  tokenEndpoint: "https://api.typeform.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.typeform.com"],
  dialect: { authorization: { pkce: "none", offlineScope: "offline" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE off, the scope offline."
  }]
}
