/**
 * Trakt: requests to the API carry trakt-api-version and trakt-api-key beside the token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Trakt.
 *
 * @category providers
 * @since 0.1.0
 */
export const trakt: Encoded = {
  provider: "trakt",
  authorizationEndpoint: "https://trakt.tv/oauth/authorize",
  tokenEndpoint: "https://api.trakt.tv/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.trakt.tv"],
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/trakt.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and the API's headers."
  }]
}
