/**
 * eBay: tokens of the application's own, whose type is of eBay's own. Logins are not described: eBay wants a name
 * that it gave, the RuName, where a redirect URI would be.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * eBay.
 *
 * @category providers
 * @since 0.1.0
 */
export const ebay: Encoded = {
  provider: "ebay",
  tokenEndpoint: "https://api.ebay.com/identity/v1/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.ebay.com"],
  dialect: { answers: { tokenTypes: { "User Access Token": "Bearer", "Application Access Token": "Bearer" } } },
  sources: [{
    url: "https://developer.ebay.com/api-docs/static/oauth-auth-code-grant-request.html",
    read: "2026-11-29",
    standing: "documented",
    about: "The endpoint and HTTP Basic."
  }, {
    url: "https://developer.ebay.com/api-docs/static/oauth-redirect-uri.html",
    read: "2026-11-29",
    standing: "documented",
    about: "The RuName."
  }, {
    url: "https://github.com/requests/requests-oauthlib/blob/master/requests_oauthlib/compliance_fixes/ebay.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The token types."
  }]
}
