/**
 * Battle.net: Blizzard's game data and profiles. No renewal is known.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Battle.net.
 *
 * @category providers
 * @since 0.1.0
 */
export const battlenet: Encoded = {
  provider: "battlenet",
  authorizationEndpoint: "https://oauth.battle.net/authorize",
  tokenEndpoint: "https://oauth.battle.net/token",
  clientAuthentication: "post",
  apiOrigins: [
    "https://oauth.battle.net",
    "https://us.api.blizzard.com",
    "https://eu.api.blizzard.com",
    "https://kr.api.blizzard.com",
    "https://tw.api.blizzard.com"
  ],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/battlenet.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Regions have hosts of their own."
  }]
}
