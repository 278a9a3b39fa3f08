/**
 * Fiserv: tokens of the client's own, whose lifetime is told in milliseconds.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Fiserv.
 *
 * @category providers
 * @since 0.1.0
 */
export const fiserv: Encoded = {
  provider: "fiserv",
  tokenEndpoint: "https://{host}/fts-apim/oauth2/v2",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: {
    host: {
      description: "the host of the environment; cert.api.fiservapps.com is that of tests",
      default: "cert.api.fiservapps.com"
    }
  },
  dialect: { answers: { lifetime: "milliseconds" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The address, HTTP Basic, the unit."
  }]
}
