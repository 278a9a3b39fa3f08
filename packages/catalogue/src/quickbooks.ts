/**
 * QuickBooks: Intuit's tokens for one company, which the callback names as realmId and the API wants in every
 * path.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * QuickBooks.
 *
 * @category providers
 * @since 0.1.0
 */
export const quickbooks: Encoded = {
  provider: "quickbooks",
  authorizationEndpoint: "https://appcenter.intuit.com/connect/oauth2",
  tokenEndpoint: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
  revocationEndpoint: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
  userinfoEndpoint: "https://accounts.platform.intuit.com/v1/openid_connect/userinfo",
  clientAuthentication: "basic",
  apiOrigins: ["https://quickbooks.api.intuit.com"],
  dialect: {
    authorizationResponse: { keep: ["realmId"] },
    response: { refreshTokenExpiresIn: "x_refresh_token_expires_in" }
  },
  sources: [{
    url: "https://github.com/intuit/oauth-jsclient",
    read: "2026-11-29",
    standing: "documented",
    about: "Revocation and userinfo, x_refresh_token_expires_in, in Intuit's own client."
  }, {
    url: "https://oauth-pythonclient.readthedocs.io/en/latest/user-guide.html",
    read: "2026-11-29",
    standing: "documented",
    about: "Intuit's own client: the callback's realmId, the lifetime of refresh tokens."
  }, {
    url: "https://github.com/intuit/QuickBooks-V3-Java-SDK/releases/tag/v6.5.4",
    read: "2026-11-29",
    standing: "documented",
    about: "Refresh tokens end after five years at the latest."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and realmId."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/intuit.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Revocation, Basic, and x_refresh_token_expires_in."
  }]
}
