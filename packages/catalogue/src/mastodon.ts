/**
 * Mastodon: any instance, named by its host. Access tokens do not end and there are no refresh tokens; the client
 * is registered with each instance by itself.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Mastodon.
 *
 * @category providers
 * @since 0.1.0
 */
export const mastodon: Encoded = {
  provider: "mastodon",
  authorizationEndpoint: "https://{host}/oauth/authorize",
  tokenEndpoint: "https://{host}/oauth/token",
  revocationEndpoint: "https://{host}/oauth/revoke",
  userinfoEndpoint: "https://{host}/oauth/userinfo",
  clientAuthentication: "post",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the instance" } },
  sources: [{
    url: "https://docs.joinmastodon.org/methods/oauth/",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints; PKCE by S256 since version 4.3; Basic or the body; answers without expires_in and refresh_token; what is revoked names the client in the body."
  }]
}
