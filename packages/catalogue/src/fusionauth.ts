/**
 * FusionAuth: an instance by its host. Its answers carry a WWW-Authenticate header that means nothing.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * FusionAuth.
 *
 * @category providers
 * @since 0.1.0
 */
export const fusionauth: Encoded = {
  provider: "fusionauth",
  authorizationEndpoint: "https://{host}/oauth2/authorize",
  tokenEndpoint: "https://{host}/oauth2/token",
  userinfoEndpoint: "https://{host}/oauth2/userinfo",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the instance" } },
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/fusionauth.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, PKCE, and the header."
  }]
}
