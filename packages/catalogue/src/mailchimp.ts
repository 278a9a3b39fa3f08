/**
 * Mailchimp: access tokens that do not end, told as a lifetime of 0. The API is at https://<dc>.api.mailchimp.com,
 * where the data centre is what /oauth2/metadata says: add that origin to your client.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Mailchimp.
 *
 * @category providers
 * @since 0.1.0
 */
export const mailchimp: Encoded = {
  provider: "mailchimp",
  authorizationEndpoint: "https://login.mailchimp.com/oauth2/authorize",
  tokenEndpoint: "https://login.mailchimp.com/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://login.mailchimp.com"],
  dialect: { response: { expiresInZero: "never" } },
  sources: [{
    url: "https://github.com/requests/requests-oauthlib/blob/master/requests_oauthlib/compliance_fixes/mailchimp.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "expires_in of 0 and scope of null."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
