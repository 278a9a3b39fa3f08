/**
 * Plentymarkets: a shop by its host; a person's name and password give tokens whose members are in camel case.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Plentymarkets.
 *
 * @category providers
 * @since 0.1.0
 */
export const plentymarkets: Encoded = {
  provider: "plentymarkets",
  tokenEndpoint: "https://{host}/rest/login",
  refreshEndpoint: "https://{host}/rest/login/refresh",
  clientAuthentication: "none",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the shop" } },
  dialect: {
    answers: {
      names: {
        access_token: "accessToken",
        token_type: "tokenType",
        expires_in: "expiresIn",
        refresh_token: "refreshToken"
      }
    }
  },
  sources: [{
    url:
      "https://github.com/requests/requests-oauthlib/blob/master/requests_oauthlib/compliance_fixes/plentymarkets.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Members in camel case."
  }, {
    url: "https://github.com/requests/requests-oauthlib/blob/master/tests/test_compliance_fixes.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "An answer. The addresses, /rest/login and /rest/login/refresh, are what public clients use."
  }]
}
