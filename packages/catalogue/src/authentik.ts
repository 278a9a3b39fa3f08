/**
 * authentik: an instance by its host.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * authentik.
 *
 * @category providers
 * @since 0.1.0
 */
export const authentik: Encoded = {
  provider: "authentik",
  authorizationEndpoint: "https://{host}/application/o/authorize/",
  tokenEndpoint: "https://{host}/application/o/token/",
  revocationEndpoint: "https://{host}/application/o/revoke/",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the instance" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/authentik.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, revocation. An application is also found by its issuer: layerDiscovery."
  }]
}
