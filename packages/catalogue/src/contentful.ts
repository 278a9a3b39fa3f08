/**
 * Contentful: the Content Management API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Contentful.
 *
 * @category providers
 * @since 0.1.0
 */
export const contentful: Encoded = {
  provider: "contentful",
  authorizationEndpoint: "https://be.contentful.com/oauth/authorize",
  tokenEndpoint: "https://be.contentful.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.contentful.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
