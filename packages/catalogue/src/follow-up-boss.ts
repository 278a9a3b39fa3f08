/**
 * Follow Up Boss: the authorization request asks for an auth_code.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Follow Up Boss.
 *
 * @category providers
 * @since 0.1.0
 */
export const followUpBoss: Encoded = {
  provider: "follow-up-boss",
  authorizationEndpoint: "https://app.followupboss.com/oauth/authorize",
  tokenEndpoint: "https://app.followupboss.com/oauth/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.followupboss.com"],
  dialect: { authorization: { responseType: "auth_code", pkce: "none" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, response_type, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "HTTP Basic and the bodies. State is sent along with the code there, where it is known; nothing says that it must be."
  }]
}
