/**
 * Vercel: integrations.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Vercel.
 *
 * @category providers
 * @since 0.1.0
 */
export const vercel: Encoded = {
  provider: "vercel",
  authorizationEndpoint: "https://vercel.com/oauth/authorize",
  tokenEndpoint: "https://api.vercel.com/v2/oauth/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.vercel.com"],
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
