/**
 * Zoho: a person's account is in one of several data centres, which the callback names; every later request goes
 * there, and the answer names where the API is.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Zoho.
 *
 * @category providers
 * @since 0.1.0
 */
export const zoho: Encoded = {
  provider: "zoho",
  authorizationEndpoint: "https://accounts.zoho.com/oauth/v2/auth",
  tokenEndpoint: "{accounts-server}/oauth/v2/token",
  revocationEndpoint: "{accounts-server}/oauth/v2/token/revoke",
  clientAuthentication: "post",
  variables: {
    "accounts-server": {
      from: "grant",
      oneOf: [
        "https://accounts.zoho.com",
        "https://accounts.zoho.eu",
        "https://accounts.zoho.in",
        "https://accounts.zoho.com.au",
        "https://accounts.zoho.jp",
        "https://accounts.zohocloud.ca",
        "https://accounts.zoho.sa",
        "https://accounts.zoho.uk",
        "https://accounts.zoho.com.cn"
      ]
    }
  },
  dialect: {
    authorization: { scopeSeparator: ",", parameters: { access_type: "offline", prompt: "consent" } },
    authorizationResponse: { keep: ["accounts-server", "location"] },
    response: { apiOrigins: ["api_domain"] },
    answers: { errorCodes: { invalid_code: "invalid_grant" } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://www.zoho.com/accounts/protocol/oauth/multi-dc/client-authorization.html",
    read: "2026-11-29",
    standing: "documented",
    about: "accounts-server and location in the callback; the token is asked for there."
  }, {
    url: "https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html",
    read: "2026-11-29",
    standing: "documented",
    about: "The data centres."
  }, {
    url: "https://www.zoho.com/contracts/api/getting-started/refreshing-access-tokens.html",
    read: "2026-11-29",
    standing: "documented",
    about: "A renewal gives no refresh token; api_domain; revocation."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "access_type=offline and prompt=consent."
  }, {
    url: "https://www.zoho.com/pdfeditor/help/api/oauth-step4.html",
    read: "2026-11-29",
    standing: "documented",
    about: "Of more than 20 refresh tokens of a person the oldest ends."
  }, {
    url: "https://docs.unified.to/skills/zoho-api-console-oauth/SKILL.md",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Scopes by comma."
  }]
}
