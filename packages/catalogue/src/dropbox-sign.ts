/**
 * Dropbox Sign: renewals go to an address of their own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Dropbox Sign.
 *
 * @category providers
 * @since 0.1.0
 */
export const dropboxSign: Encoded = {
  provider: "dropbox-sign",
  authorizationEndpoint: "https://app.hellosign.com/oauth/authorize",
  tokenEndpoint: "https://app.hellosign.com/oauth/token",
  refreshEndpoint: "https://app.hellosign.com/oauth/token?refresh",
  clientAuthentication: "post",
  apiOrigins: ["https://api.hellosign.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses."
  }]
}
