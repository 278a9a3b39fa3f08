/**
 * Dropbox: a refresh token comes only with token_access_type=offline.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Dropbox.
 *
 * @category providers
 * @since 0.1.0
 */
export const dropbox: Encoded = {
  provider: "dropbox",
  authorizationEndpoint: "https://www.dropbox.com/oauth2/authorize",
  tokenEndpoint: "https://api.dropboxapi.com/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.dropboxapi.com", "https://content.dropboxapi.com"],
  dialect: {
    authorization: { parameters: { token_access_type: "offline" } },
    response: { keep: ["account_id"] },
    answers: { format: "json-by-any-type" }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and token_access_type."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/dropbox.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic. Revocation is not RFC 7009's."
  }, {
    url: "https://github.com/dart-lang/oauth2/issues/10",
    read: "2026-11-21",
    standing: "from third parties",
    about: "JSON that calls itself text/javascript."
  }]
}
