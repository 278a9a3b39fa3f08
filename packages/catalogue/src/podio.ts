/**
 * Podio: JSON bodies with the secret in them; what was logged in to is in ref.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Podio.
 *
 * @category providers
 * @since 0.1.0
 */
export const podio: Encoded = {
  provider: "podio",
  authorizationEndpoint: "https://podio.com/oauth/authorize",
  tokenEndpoint: "https://api.podio.com/oauth/token/v2",
  clientAuthentication: "post",
  apiOrigins: ["https://api.podio.com"],
  dialect: { requests: { token: { encoding: "json" } }, response: { keep: ["ref"] } },
  sources: [{
    url: "https://developers.podio.com/authentication/server_side",
    read: "2026-11-29",
    standing: "documented",
    about: "The addresses, the JSON of the exchange and of its answer."
  }, {
    url: "https://developers.podio.com/doc/oauth-authorization/get-access-token-22359",
    read: "2026-11-29",
    standing: "documented",
    about: "The grants, their parameters, the members of the answer."
  }]
}
