/**
 * Revolut Business: the client proves itself by a signed statement, made in the name of the host of the redirect
 * URI.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Revolut Business.
 *
 * @category providers
 * @since 0.1.0
 */
export const revolutBusiness: Encoded = {
  provider: "revolut-business",
  authorizationEndpoint: "https://{authorizeHost}/app-confirm",
  tokenEndpoint: "https://{host}/api/1.0/auth/token",
  clientAuthentication: "privateKeyJwt",
  clientAssertion: { issuer: "{redirectHost}", audience: "https://revolut.com", algorithm: "RS256" },
  apiOrigins: ["https://{host}"],
  variables: {
    authorizeHost: {
      description: "where people confirm",
      default: "business.revolut.com",
      oneOf: ["business.revolut.com", "sandbox-business.revolut.com"]
    },
    host: {
      description: "the host of the API",
      default: "b2b.revolut.com",
      oneOf: ["b2b.revolut.com", "sandbox-b2b.revolut.com"]
    },
    redirectHost: { description: "the host of the redirect URI" }
  },
  dialect: {
    authorization: { scopeSeparator: ",", pkce: "none" },
    authorizationCode: { redirectUri: "omitted" },
    requests: { token: { omit: ["client_id"] } }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, hosts, scopes by comma, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "What is signed (issuer, audience, RS256) and sent."
  }]
}
