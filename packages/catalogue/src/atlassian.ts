/**
 * Atlassian: Jira, Confluence and the others, by OAuth 2.0 (3LO). Refresh tokens rotate, and one that is not known
 * is told with a status of 403.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Atlassian.
 *
 * @category providers
 * @since 0.1.0
 */
export const atlassian: Encoded = {
  provider: "atlassian",
  authorizationEndpoint: "https://auth.atlassian.com/authorize",
  tokenEndpoint: "https://auth.atlassian.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.atlassian.com"],
  dialect: { authorization: { parameters: { audience: "api.atlassian.com", prompt: "consent" } } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://developer.atlassian.com/cloud/oauth/getting-started/refresh-tokens",
    read: "2026-11-29",
    standing: "documented",
    about: "Rotating refresh tokens, the scope offline_access, the credentials in the body."
  }, {
    url: "https://nango.dev/blog/jira-oauth-refresh-token-invalid-grant",
    read: "2026-11-29",
    standing: "from third parties",
    about: "invalid_grant with a status of 403."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, audience and prompt."
  }]
}
