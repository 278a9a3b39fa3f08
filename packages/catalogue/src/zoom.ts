/**
 * Zoom: scopes by comma.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Zoom.
 *
 * @category providers
 * @since 0.1.0
 */
export const zoom: Encoded = {
  provider: "zoom",
  authorizationEndpoint: "https://zoom.us/oauth/authorize",
  tokenEndpoint: "https://zoom.us/oauth/token",
  revocationEndpoint: "https://zoom.us/oauth/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.zoom.us"],
  dialect: { authorization: { scopeSeparator: "," } },
  rotation: { policy: "rotating" },
  sources: [{
    url:
      "https://github.com/anthropics/knowledge-work-plugins/blob/main/partner-built/zoom-plugin/skills/oauth/concepts/token-lifecycle.md",
    read: "2026-11-29",
    standing: "from third parties",
    about: "A renewal gives another refresh token, and the old one is not good any more; an hour."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/zoom.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, PKCE, revocation."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Scopes by comma."
  }]
}
