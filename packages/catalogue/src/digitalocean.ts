/**
 * DigitalOcean: the API v2.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * DigitalOcean.
 *
 * @category providers
 * @since 0.1.0
 */
export const digitalocean: Encoded = {
  provider: "digitalocean",
  authorizationEndpoint: "https://cloud.digitalocean.com/v1/oauth/authorize",
  tokenEndpoint: "https://cloud.digitalocean.com/v1/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.digitalocean.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
