/**
 * X: the API v2. A refresh token comes only when the scope offline.access was asked for.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * X.
 *
 * @category providers
 * @since 0.1.0
 */
export const x: Encoded = {
  provider: "x",
  authorizationEndpoint: "https://x.com/i/oauth2/authorize",
  tokenEndpoint: "https://api.twitter.com/2/oauth2/token",
  revocationEndpoint: "https://api.twitter.com/2/oauth2/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.twitter.com", "https://api.x.com"],
  dialect: { authorization: { offlineScope: "offline.access" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, the scope."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/twitter.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "PKCE and revocation."
  }]
}
