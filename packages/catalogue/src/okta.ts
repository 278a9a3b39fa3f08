/**
 * Okta: an organization's custom authorization server. Whether refresh tokens rotate, and with which leeway, is
 * set by application: correct the policy if you know it.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Okta.
 *
 * @category providers
 * @since 0.1.0
 */
export const okta: Encoded = {
  provider: "okta",
  issuer: "https://{domain}/oauth2/{authorizationServer}",
  authorizationEndpoint: "https://{domain}/oauth2/{authorizationServer}/v1/authorize",
  tokenEndpoint: "https://{domain}/oauth2/{authorizationServer}/v1/token",
  revocationEndpoint: "https://{domain}/oauth2/{authorizationServer}/v1/revoke",
  introspectionEndpoint: "https://{domain}/oauth2/{authorizationServer}/v1/introspect",
  clientAuthentication: "basic",
  apiOrigins: ["https://{domain}"],
  variables: {
    domain: { description: "the organization's domain, dev-123456.okta.com" },
    authorizationServer: { description: "the identifier of the authorization server", default: "default" }
  },
  sources: [{
    url: "https://developer.okta.com/docs/guides/refresh-tokens/main/",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Persistent or rotating refresh tokens by application; a leeway of 0 to 60 seconds, 30 unless set; reuse ends the newest refresh token and all access tokens. Read in github.com/okta/okta-developer-docs."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/okta.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and PKCE."
  }]
}
