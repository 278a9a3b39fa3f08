/**
 * Pinterest: the API v5.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Pinterest.
 *
 * @category providers
 * @since 0.1.0
 */
export const pinterest: Encoded = {
  provider: "pinterest",
  authorizationEndpoint: "https://www.pinterest.com/oauth/",
  tokenEndpoint: "https://api.pinterest.com/v5/oauth/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.pinterest.com"],
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/pinterest.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
