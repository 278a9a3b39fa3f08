/**
 * Apple: Sign in with Apple. In place of a secret the client signs a statement (ES256), so give a signer and the
 * team's identifier; the answer comes to the redirect URI as a posted form, with user at the first login only.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Apple.
 *
 * @category providers
 * @since 0.1.0
 */
export const apple: Encoded = {
  provider: "apple",
  authorizationEndpoint: "https://appleid.apple.com/auth/authorize",
  tokenEndpoint: "https://appleid.apple.com/auth/token",
  revocationEndpoint: "https://appleid.apple.com/auth/revoke",
  clientAuthentication: "jwtSecret",
  clientAssertion: { issuer: "{teamId}", audience: "https://appleid.apple.com", algorithm: "ES256" },
  apiOrigins: ["https://appleid.apple.com"],
  variables: { teamId: { description: "the identifier of the developer team" } },
  dialect: { authorization: { responseMode: "form_post" }, authorizationResponse: { keep: ["user"] } },
  sources: [{
    url: "https://developer.apple.com/documentation/signinwithapplerestapi/generate-and-validate-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "The token endpoint, its parameters, the renewal."
  }, {
    url: "https://developer.apple.com/documentation/signinwithapplerestapi/revoke-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "Revocation, with the secret in the body."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/apple.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The authorization endpoint, and that the secret is a JWT with the audience https://appleid.apple.com."
  }]
}
