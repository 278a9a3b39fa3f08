/**
 * ZITADEL: an instance by its domain. Revoking a refresh token ends its access token too.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * ZITADEL.
 *
 * @category providers
 * @since 0.1.0
 */
export const zitadel: Encoded = {
  provider: "zitadel",
  authorizationEndpoint: "https://{domain}/oauth/v2/authorize",
  tokenEndpoint: "https://{domain}/oauth/v2/token",
  revocationEndpoint: "https://{domain}/oauth/v2/revoke",
  introspectionEndpoint: "https://{domain}/oauth/v2/introspect",
  userinfoEndpoint: "https://{domain}/oidc/v1/userinfo",
  endSessionEndpoint: "https://{domain}/oidc/v1/end_session",
  clientAuthentication: "basic",
  apiOrigins: ["https://{domain}"],
  variables: { domain: { description: "the instance's domain, example.zitadel.cloud" } },
  sources: [{
    url: "https://zitadel.com/docs/apis/openidoauth/endpoints",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints, and HTTP Basic among other ways. Read in github.com/zitadel/zitadel. An instance is also found by its issuer: layerDiscovery."
  }]
}
