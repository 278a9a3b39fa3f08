/**
 * Pennylane: scopes are joined by a plus sign that must not be encoded.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Pennylane.
 *
 * @category providers
 * @since 0.1.0
 */
export const pennylane: Encoded = {
  provider: "pennylane",
  authorizationEndpoint: "https://app.pennylane.com/oauth/authorize",
  tokenEndpoint: "https://app.pennylane.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://app.pennylane.com"],
  dialect: { authorization: { scopeSeparator: "+", scopeEncoding: "raw" } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and the plus sign."
  }]
}
