/**
 * Epic Games: Epic Account Services. The lifetime of the refresh token is told.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Epic Games.
 *
 * @category providers
 * @since 0.1.0
 */
export const epicGames: Encoded = {
  provider: "epic-games",
  authorizationEndpoint: "https://www.epicgames.com/id/authorize",
  tokenEndpoint: "https://api.epicgames.dev/epic/oauth/v2/token",
  revocationEndpoint: "https://api.epicgames.dev/epic/oauth/v2/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.epicgames.dev"],
  dialect: { response: { refreshTokenExpiresIn: "refresh_expires" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/epicgames.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, refresh_expires, revocation."
  }]
}
