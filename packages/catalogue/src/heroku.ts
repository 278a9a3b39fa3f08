/**
 * Heroku: the Platform API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Heroku.
 *
 * @category providers
 * @since 0.1.0
 */
export const heroku: Encoded = {
  provider: "heroku",
  authorizationEndpoint: "https://id.heroku.com/oauth/authorize",
  tokenEndpoint: "https://id.heroku.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.heroku.com"],
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
