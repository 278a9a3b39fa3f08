/**
 * Bullhorn: a second exchange, repeated after every renewal, gives the session token that the API takes in the
 * header BhRestToken, and the address of the API. For the west of the United States; other data centres have other
 * hosts.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Bullhorn.
 *
 * @category providers
 * @since 0.1.0
 */
export const bullhorn: Encoded = {
  provider: "bullhorn",
  authorizationEndpoint: "https://auth-{region}.bullhornstaffing.com/oauth/authorize",
  tokenEndpoint: "https://auth-{region}.bullhornstaffing.com/oauth/token",
  clientAuthentication: "post",
  variables: {
    region: { description: "the data centre's name in its hosts", default: "west", pattern: "^[a-z]{2,12}$" }
  },
  dialect: {
    authorization: { pkce: "none" },
    authorizationCode: {
      then: {
        endpoint: "https://rest-{region}.bullhornstaffing.com/rest-services/login",
        grantType: "session",
        parameter: "access_token",
        parameters: { version: "*", ttl: "10080" },
        repeated: "at-renewals"
      }
    },
    response: { defaultTokenType: "Bearer", apiOrigins: ["restUrl"], defaultLifetime: "7 days" },
    requests: {
      token: { encoding: "query" },
      then: { encoding: "query", omit: ["grant_type"], credentials: "omitted" }
    },
    answers: { names: { access_token: "BhRestToken" } }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Parameters in the query; the session, asked for with a lifetime of 10080 minutes; BhRestToken and restUrl."
  }]
}
