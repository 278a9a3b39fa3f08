/**
 * Meetup: a login, and tokens of an hour with the secret in the body.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Meetup.
 *
 * @category providers
 * @since 0.1.0
 */
export const meetup: Encoded = {
  provider: "meetup",
  authorizationEndpoint: "https://secure.meetup.com/oauth2/authorize",
  tokenEndpoint: "https://secure.meetup.com/oauth2/access",
  clientAuthentication: "post",
  apiOrigins: ["https://api.meetup.com"],
  sources: [{
    url: "https://meetup.com/api/authentication/",
    read: "2026-11-29",
    standing: "documented",
    about:
      "The addresses and the flow with a server. Its redirect URI may be below the registered one: register it whole."
  }]
}
