/**
 * Reddit: a refresh token comes only with duration=permanent. Reddit wants a User-Agent of the application's own
 * in every request.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Reddit.
 *
 * @category providers
 * @since 0.1.0
 */
export const reddit: Encoded = {
  provider: "reddit",
  authorizationEndpoint: "https://www.reddit.com/api/v1/authorize",
  tokenEndpoint: "https://www.reddit.com/api/v1/access_token",
  clientAuthentication: "basic",
  apiOrigins: ["https://oauth.reddit.com"],
  dialect: { authorization: { parameters: { duration: "permanent" } } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and duration."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/reddit.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic, and that a User-Agent is needed."
  }]
}
