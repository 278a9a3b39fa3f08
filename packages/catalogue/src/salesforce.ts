/**
 * Salesforce: answers name the address of the organization's API and not when the token ends: a session's length
 * is the organization's, so a refusal of the API is what renews.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Salesforce.
 *
 * @category providers
 * @since 0.1.0
 */
export const salesforce: Encoded = {
  provider: "salesforce",
  authorizationEndpoint: "https://{host}/services/oauth2/authorize",
  tokenEndpoint: "https://{host}/services/oauth2/token",
  revocationEndpoint: "https://{host}/services/oauth2/revoke",
  introspectionEndpoint: "https://{host}/services/oauth2/introspect",
  clientAuthentication: "post",
  variables: {
    host: {
      description: "login.salesforce.com, test.salesforce.com, or the organization's own domain",
      default: "login.salesforce.com"
    }
  },
  dialect: {
    authorization: { offlineScope: "refresh_token" },
    response: { apiOrigins: ["instance_url"], keep: ["id"] }
  },
  sources: [{
    url: "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm",
    read: "2026-11-29",
    standing: "documented",
    about: "An application's refresh tokens rotate where that is switched on, and then each is good once."
  }, {
    url:
      "https://developer.salesforce.com/docs/atlas.en-us.198.0.api_rest.meta/api_rest/intro_understanding_refresh_token_oauth.htm",
    read: "2026-11-29",
    standing: "documented",
    about: "The renewal's parameters; a token lives as long as the organization's sessions."
  }, {
    url: "https://jsforce.github.io/jsforce/types/oauth2.TokenResponse.html",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The shape of the answer: instance_url, id, issued_at, no expires_in."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The host as a variable."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/salesforce.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Revocation and PKCE."
  }]
}
