/**
 * Amazon Selling Partner API: logins begin in Seller Central, with the application's identifier beside that of the
 * client, and the code comes back under a name of its own. The API takes the token in the header
 * x-amz-access-token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Amazon Selling Partner API.
 *
 * @category providers
 * @since 0.1.0
 */
export const amazonSellingPartner: Encoded = {
  provider: "amazon-selling-partner",
  authorizationEndpoint: "https://{sellerCentral}/apps/authorize/consent?application_id={applicationId}",
  tokenEndpoint: "https://api.amazon.com/auth/o2/token",
  clientAuthentication: "post",
  apiOrigins: [
    "https://sellingpartnerapi-na.amazon.com",
    "https://sellingpartnerapi-eu.amazon.com",
    "https://sellingpartnerapi-fe.amazon.com"
  ],
  variables: {
    sellerCentral: {
      description: "the marketplace's Seller Central",
      default: "sellercentral.amazon.com",
      pattern: "^(seller|vendor)central(-europe)?\\.amazon\\.[a-z.]+$"
    },
    applicationId: { description: "the application's identifier, amzn1.sp.solution.…" }
  },
  dialect: {
    authorization: { pkce: "none" },
    authorizationResponse: { names: { code: "spapi_oauth_code" }, keep: ["selling_partner_id"] }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "Addresses, application_id, spapi_oauth_code, PKCE off. The entry there is for drafts, which add version=beta."
  }]
}
