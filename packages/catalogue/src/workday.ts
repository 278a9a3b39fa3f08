/**
 * Workday: a tenant by its hosts and its name. The answer tells no lifetime; an hour is what clients count.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Workday.
 *
 * @category providers
 * @since 0.1.0
 */
export const workday: Encoded = {
  provider: "workday",
  authorizationEndpoint: "https://{authorizationHost}/{tenant}/authorize",
  tokenEndpoint: "https://{host}/ccx/oauth2/{tenant}/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: {
    authorizationHost: { description: "the host where people sign in" },
    host: { description: "the host of the REST API" },
    tenant: { description: "the tenant's name" }
  },
  dialect: { response: { defaultLifetime: "60 minutes", defaultTokenType: "Bearer" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, HTTP Basic."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "PKCE; an hour; only access_token and refresh_token are read."
  }]
}
