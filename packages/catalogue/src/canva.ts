/**
 * Canva: the Connect API: access tokens of four hours. Errors tell their code in a member named code.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Canva.
 *
 * @category providers
 * @since 0.1.0
 */
export const canva: Encoded = {
  provider: "canva",
  authorizationEndpoint: "https://www.canva.com/api/oauth/authorize",
  tokenEndpoint: "https://api.canva.com/auth/v1/oauth/token",
  revocationEndpoint: "https://api.canva.com/auth/v1/oauth/revoke",
  introspectionEndpoint: "https://api.canva.com/auth/v1/oauth/introspect",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.canva.com"],
  dialect: { answers: { error: "code", errorDescription: "message" } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://www.canva.dev/docs/connect/api-reference/authentication/generate-access-token/",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints, Basic, PKCE, a new refresh token at every renewal; revoking a refresh token ends its whole lineage and the consent. Read in Canva's API specification (github.com/canva-sdks/canva-connect-api-starter-kit)."
  }]
}
