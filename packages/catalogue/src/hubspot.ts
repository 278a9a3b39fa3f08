/**
 * HubSpot: apps, by the OAuth API of March 2026. The first version of that API, /oauth/v1, ends on 16 February
 * 2027.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * HubSpot.
 *
 * @category providers
 * @since 0.1.0
 */
export const hubspot: Encoded = {
  provider: "hubspot",
  authorizationEndpoint: "https://app.hubspot.com/oauth/authorize",
  tokenEndpoint: "https://api.hubapi.com/oauth/2026-03/token",
  revocationEndpoint: "https://api.hubapi.com/oauth/2026-03/token/revoke",
  introspectionEndpoint: "https://api.hubapi.com/oauth/2026-03/token/introspect",
  clientAuthentication: "post",
  apiOrigins: ["https://api.hubapi.com"],
  sources: [{
    url: "https://developers.hubspot.com/changelog/v1-oauth-api-deprecation",
    read: "2026-11-29",
    standing: "documented",
    about: "The endpoints for tokens, introspection and revocation, and the end of the first version."
  }, {
    url: "https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide",
    read: "2026-11-29",
    standing: "documented",
    about: "Where logins begin; everything in the body; access tokens of half an hour."
  }, {
    url: "https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses",
    read: "2026-11-29",
    standing: "documented",
    about: "Errors are as RFC 6749 has them."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The host of the endpoints."
  }]
}
