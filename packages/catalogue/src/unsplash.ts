/**
 * Unsplash: scopes are joined by a plus sign that must not be encoded.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Unsplash.
 *
 * @category providers
 * @since 0.1.0
 */
export const unsplash: Encoded = {
  provider: "unsplash",
  authorizationEndpoint: "https://unsplash.com/oauth/authorize",
  tokenEndpoint: "https://unsplash.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.unsplash.com"],
  dialect: { authorization: { scopeSeparator: "+", scopeEncoding: "raw" } },
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and the plus sign."
  }]
}
