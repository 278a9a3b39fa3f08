/**
 * HeyGen: a public client with PKCE; renewals go to an address of their own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * HeyGen.
 *
 * @category providers
 * @since 0.1.0
 */
export const heygen: Encoded = {
  provider: "heygen",
  authorizationEndpoint: "https://app.heygen.com/oauth/authorize",
  tokenEndpoint: "https://api2.heygen.com/v1/oauth/token",
  refreshEndpoint: "https://api2.heygen.com/v1/oauth/refresh_token",
  clientAuthentication: "none",
  apiOrigins: ["https://api2.heygen.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "No secret is sent."
  }]
}
