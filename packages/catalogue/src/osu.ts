/**
 * osu!: the API v2.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * osu!.
 *
 * @category providers
 * @since 0.1.0
 */
export const osu: Encoded = {
  provider: "osu",
  authorizationEndpoint: "https://osu.ppy.sh/oauth/authorize",
  tokenEndpoint: "https://osu.ppy.sh/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://osu.ppy.sh"],
  sources: [{
    url: "https://osu.ppy.sh/docs/",
    read: "2026-11-29",
    standing: "documented",
    about: "The endpoint, its parameters, renewals. Read in github.com/ppy/osu-web."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/osu.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The secret in the body."
  }]
}
