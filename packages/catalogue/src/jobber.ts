/**
 * Jobber: answers without a lifetime; an hour is what clients count.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Jobber.
 *
 * @category providers
 * @since 0.1.0
 */
export const jobber: Encoded = {
  provider: "jobber",
  authorizationEndpoint: "https://api.getjobber.com/api/oauth/authorize",
  tokenEndpoint: "https://api.getjobber.com/api/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.getjobber.com"],
  dialect: { authorization: { pkce: "none" }, response: { defaultLifetime: "60 minutes", defaultTokenType: "Bearer" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "An hour; only access_token and refresh_token are read."
  }]
}
