/**
 * Cloudflare: its API for the accounts of whoever logs in. The token endpoint takes HTTP Basic or the body, by how the
 * client was registered.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Cloudflare.
 *
 * @category providers
 * @since 0.1.0
 */
export const cloudflare: Encoded = {
  provider: "cloudflare",
  authorizationEndpoint: "https://dash.cloudflare.com/oauth2/auth",
  tokenEndpoint: "https://dash.cloudflare.com/oauth2/token",
  revocationEndpoint: "https://dash.cloudflare.com/oauth2/revoke",
  userinfoEndpoint: "https://dash.cloudflare.com/oauth2/userinfo",
  endSessionEndpoint: "https://dash.cloudflare.com/oauth2/logout",
  jwksUri: "https://dash.cloudflare.com/.well-known/jwks.json",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.cloudflare.com"],
  sources: [{
    url: "https://developers.cloudflare.com/fundamentals/oauth/integrate-with-cloudflare/",
    read: "2026-11-29",
    standing: "documented",
    about: "The endpoints."
  }, {
    url: "https://developers.cloudflare.com/fundamentals/oauth/create-an-oauth-client/",
    read: "2026-11-29",
    standing: "documented",
    about: "A client is registered with its method of authentication, client_secret_basic in the example."
  }, {
    url: "https://better-auth.com/docs/authentication/cloudflare",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic, and the API's address."
  }]
}
