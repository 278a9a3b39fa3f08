/**
 * Yahoo: Yahoo's APIs.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Yahoo.
 *
 * @category providers
 * @since 0.1.0
 */
export const yahoo: Encoded = {
  provider: "yahoo",
  authorizationEndpoint: "https://api.login.yahoo.com/oauth2/request_auth",
  tokenEndpoint: "https://api.login.yahoo.com/oauth2/get_token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.login.yahoo.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/yahoo.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic. Add the origin of the API that you use."
  }]
}
