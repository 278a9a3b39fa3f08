/**
 * FreshBooks: the accounting API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * FreshBooks.
 *
 * @category providers
 * @since 0.1.0
 */
export const freshbooks: Encoded = {
  provider: "freshbooks",
  authorizationEndpoint: "https://auth.freshbooks.com/oauth/authorize",
  tokenEndpoint: "https://api.freshbooks.com/auth/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.freshbooks.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
