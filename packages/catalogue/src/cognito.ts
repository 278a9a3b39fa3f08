/**
 * Amazon Cognito: a user pool by its domain. Renewals at the token endpoint give no refresh token; a pool that
 * rotates them wants its own call for it.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Amazon Cognito.
 *
 * @category providers
 * @since 0.1.0
 */
export const cognito: Encoded = {
  provider: "cognito",
  authorizationEndpoint: "https://{domain}/oauth2/authorize",
  tokenEndpoint: "https://{domain}/oauth2/token",
  revocationEndpoint: "https://{domain}/oauth2/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://{domain}"],
  variables: { domain: { description: "the domain of the user pool" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/amazon-cognito.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, revocation."
  }, {
    url:
      "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Rotation is optional, with a grace of 0 to 60 seconds; it must be done by the call GetTokensFromRefreshToken."
  }]
}
