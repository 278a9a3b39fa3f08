/**
 * Linear: scopes by comma.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Linear.
 *
 * @category providers
 * @since 0.1.0
 */
export const linear: Encoded = {
  provider: "linear",
  authorizationEndpoint: "https://linear.app/oauth/authorize",
  tokenEndpoint: "https://api.linear.app/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.linear.app"],
  dialect: { authorization: { scopeSeparator: ",", parameters: { prompt: "consent" } } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, scopes by comma, prompt."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/linear.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The secret in the body."
  }]
}
