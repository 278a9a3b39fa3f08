/**
 * Spotify: the Web API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Spotify.
 *
 * @category providers
 * @since 0.1.0
 */
export const spotify: Encoded = {
  provider: "spotify",
  authorizationEndpoint: "https://accounts.spotify.com/authorize",
  tokenEndpoint: "https://accounts.spotify.com/api/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.spotify.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/spotify.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, PKCE."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The origin of the API."
  }]
}
