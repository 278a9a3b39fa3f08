/**
 * Auth0: a tenant by its domain. Whether refresh tokens rotate, and with which leeway, is set by application; an
 * API is named by the parameter audience of the login.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Auth0.
 *
 * @category providers
 * @since 0.1.0
 */
export const auth0: Encoded = {
  provider: "auth0",
  authorizationEndpoint: "https://{domain}/authorize",
  tokenEndpoint: "https://{domain}/oauth/token",
  revocationEndpoint: "https://{domain}/oauth/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://{domain}"],
  variables: { domain: { description: "the tenant's domain, example.eu.auth0.com" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/auth0.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, revocation."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The tenant's domain."
  }]
}
