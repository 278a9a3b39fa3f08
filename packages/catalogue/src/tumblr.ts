/**
 * Tumblr: the API v2.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Tumblr.
 *
 * @category providers
 * @since 0.1.0
 */
export const tumblr: Encoded = {
  provider: "tumblr",
  authorizationEndpoint: "https://www.tumblr.com/oauth2/authorize",
  tokenEndpoint: "https://api.tumblr.com/v2/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.tumblr.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/tumblr.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoints once more."
  }]
}
