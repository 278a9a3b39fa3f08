/**
 * eBay: where a redirect URI would be, eBay wants the RuName that it gave to one; the browser comes back to the address
 * that eBay keeps with it. The types of its tokens are of its own, and a renewal brings no other refresh token.
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
  authorizationEndpoint: "https://auth.ebay.com/oauth2/authorize",
  tokenEndpoint: "https://api.ebay.com/identity/v1/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.ebay.com"],
  variables: { ruName: { description: "eBay's name for the redirect URI, from the page User Tokens" } },
  dialect: {
    authorization: { redirectName: "{ruName}" },
    response: { refreshTokenExpiresIn: "refresh_token_expires_in" },
    answers: { tokenTypes: { "User Access Token": "Bearer", "Application Access Token": "Bearer" } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developer.ebay.com/api-docs/static/oauth-auth-code-grant-request.html",
    read: "2026-11-29",
    standing: "documented",
    about: "The token endpoint and HTTP Basic; a code gives an access token and a refresh token."
  }, {
    url: "https://developer.ebay.com/support/kb-article?KBid=5075",
    read: "2026-11-29",
    standing: "documented",
    about: "The login's address and parameters, state among them; redirect_uri is the RuName, in both requests."
  }, {
    url: "https://developer.ebay.com/api-docs/static/oauth-redirect-uri.html",
    read: "2026-11-29",
    standing: "documented",
    about: "The RuName, and the address that belongs to it."
  }, {
    url: "https://developer.ebay.com/support/kb-article?KBid=5220",
    read: "2026-11-29",
    standing: "documented",
    about: "The refresh token is long-lived, is kept, and renews without the person."
  }, {
    url: "https://github.com/requests/requests-oauthlib/blob/master/requests_oauthlib/compliance_fixes/ebay.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The token types."
  }, {
    url: "https://docs.rs/crate/ebay/latest/source/src/auth/exchange.rs",
    read: "2026-11-29",
    standing: "from third parties",
    about: "refresh_token_expires_in."
  }]
}
