/**
 * Zendesk: an account by its subdomain. Tokens end only where expires_in is asked for; half an hour is asked for
 * here.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Zendesk.
 *
 * @category providers
 * @since 0.1.0
 */
export const zendesk: Encoded = {
  provider: "zendesk",
  authorizationEndpoint: "https://{subdomain}.zendesk.com/oauth/authorizations/new",
  tokenEndpoint: "https://{subdomain}.zendesk.com/oauth/tokens",
  clientAuthentication: "post",
  apiOrigins: ["https://{subdomain}.zendesk.com"],
  variables: { subdomain: { description: "the account's name before .zendesk.com", pattern: "^[a-z0-9][a-z0-9_-]*$" } },
  dialect: {
    authorizationCode: { parameters: { expires_in: "1800" } },
    refreshToken: { parameters: { expires_in: "1800" } }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and expires_in."
  }]
}
