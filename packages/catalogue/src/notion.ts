/**
 * Notion: HTTP Basic with a JSON body. A renewal gives a new access token and a new refresh token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Notion.
 *
 * @category providers
 * @since 0.1.0
 */
export const notion: Encoded = {
  provider: "notion",
  authorizationEndpoint: "https://api.notion.com/v1/oauth/authorize",
  tokenEndpoint: "https://api.notion.com/v1/oauth/token",
  revocationEndpoint: "https://api.notion.com/v1/oauth/revoke",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.notion.com"],
  dialect: {
    authorization: { parameters: { owner: "user" } },
    response: { keep: ["workspace_id", "bot_id"] },
    requests: { token: { encoding: "json" }, revocation: { encoding: "json" } }
  },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://developers.notion.com/reference/refresh-a-token",
    read: "2026-11-29",
    standing: "documented",
    about: "HTTP Basic; a renewal gives both tokens anew; no lifetime is told."
  }, {
    url: "https://developers.notion.com/reference/create-a-token",
    read: "2026-11-29",
    standing: "documented",
    about: "The redirect URI is repeated where the authorization request had one."
  }, {
    url: "https://github.com/makenotion/notion-sdk-js",
    read: "2026-11-29",
    standing: "documented",
    about: "The endpoint for revocation, in Notion's own client."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "JSON, and owner=user."
  }]
}
