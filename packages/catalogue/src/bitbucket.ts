/**
 * Bitbucket: Bitbucket Cloud.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Bitbucket.
 *
 * @category providers
 * @since 0.1.0
 */
export const bitbucket: Encoded = {
  provider: "bitbucket",
  authorizationEndpoint: "https://bitbucket.org/site/oauth2/authorize",
  tokenEndpoint: "https://bitbucket.org/site/oauth2/access_token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.bitbucket.org"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/bitbucket.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The origin of the API."
  }]
}
