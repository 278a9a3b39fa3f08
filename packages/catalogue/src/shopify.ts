/**
 * Shopify: offline access tokens of one store. With expiring=1 they end after an hour and come with a refresh
 * token; public apps must ask so from 2027 on. The API takes the token in the header X-Shopify-Access-Token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Shopify.
 *
 * @category providers
 * @since 0.1.0
 */
export const shopify: Encoded = {
  provider: "shopify",
  authorizationEndpoint: "https://{shop}.myshopify.com/admin/oauth/authorize",
  tokenEndpoint: "https://{shop}.myshopify.com/admin/oauth/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://{shop}.myshopify.com"],
  variables: { shop: { description: "the store's name before .myshopify.com", pattern: "^[a-z0-9][a-z0-9-]*$" } },
  dialect: {
    authorization: { scopeSeparator: "," },
    authorizationCode: { parameters: { expiring: "1" } },
    response: { defaultTokenType: "Bearer", scopeSeparator: ",", refreshTokenExpiresIn: "refresh_token_expires_in" }
  },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "Expiring tokens, and who must use them from when."
  }, {
    url: "https://shopify.dev/docs/apps/build/security/credentials-and-data/use-expiring-offline-access-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "An hour; the refresh token is replaced at every use."
  }, {
    url: "https://shopify.dev/changelog/more-resilient-refreshes-for-expiring-offline-access-tokens",
    read: "2026-11-29",
    standing: "documented",
    about:
      "The refresh token that was used stays good until its successor is used. No duration is told, so none is described."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and expiring=1."
  }]
}
