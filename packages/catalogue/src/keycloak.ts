/**
 * Keycloak: a realm of a server. Whether refresh tokens may be used once only is set by realm.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Keycloak.
 *
 * @category providers
 * @since 0.1.0
 */
export const keycloak: Encoded = {
  provider: "keycloak",
  authorizationEndpoint: "https://{host}/realms/{realm}/protocol/openid-connect/auth",
  tokenEndpoint: "https://{host}/realms/{realm}/protocol/openid-connect/token",
  revocationEndpoint: "https://{host}/realms/{realm}/protocol/openid-connect/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the server" }, realm: { description: "the name of the realm" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/keycloak.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, revocation."
  }, {
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoints once more. A realm is also found by its issuer: layerDiscovery."
  }]
}
