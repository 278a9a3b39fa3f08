/**
 * MyAnimeList: PKCE without a hash: the challenge is the verifier, so who sees the login request can use the code,
 * but for the secret.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * MyAnimeList.
 *
 * @category providers
 * @since 0.1.0
 */
export const myanimelist: Encoded = {
  provider: "myanimelist",
  authorizationEndpoint: "https://myanimelist.net/v1/oauth2/authorize",
  tokenEndpoint: "https://myanimelist.net/v1/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.myanimelist.net"],
  dialect: { authorization: { pkce: "insecure-plain" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/myanimelist.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, the method plain."
  }]
}
