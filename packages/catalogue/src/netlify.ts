/**
 * Netlify: a person's sites.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Netlify.
 *
 * @category providers
 * @since 0.1.0
 */
export const netlify: Encoded = {
  provider: "netlify",
  authorizationEndpoint: "https://app.netlify.com/authorize",
  tokenEndpoint: "https://api.netlify.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.netlify.com"],
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/netlify.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoints once more."
  }]
}
