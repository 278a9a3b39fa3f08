/**
 * Todoist: scopes by comma; no renewal is known.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Todoist.
 *
 * @category providers
 * @since 0.1.0
 */
export const todoist: Encoded = {
  provider: "todoist",
  authorizationEndpoint: "https://todoist.com/oauth/authorize",
  tokenEndpoint: "https://todoist.com/oauth/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.todoist.com"],
  dialect: { authorization: { scopeSeparator: "," } },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and scopes by comma."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/todoist.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The secret in the body."
  }]
}
