/**
 * AniList: access tokens of a year, without scopes and without renewal; the code is presented in JSON.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * AniList.
 *
 * @category providers
 * @since 0.1.0
 */
export const anilist: Encoded = {
  provider: "anilist",
  authorizationEndpoint: "https://anilist.co/api/v2/oauth/authorize",
  tokenEndpoint: "https://anilist.co/api/v2/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://graphql.anilist.co"],
  dialect: { requests: { token: { encoding: "json" } } },
  sources: [{
    url: "https://docs.anilist.co/guide/auth/authorization-code",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints and JSON; no scopes, no refresh tokens, a year. Read in github.com/AniList/docs."
  }]
}
