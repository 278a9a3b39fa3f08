/**
 * Gitea: an instance by its host.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Gitea.
 *
 * @category providers
 * @since 0.1.0
 */
export const gitea: Encoded = {
  provider: "gitea",
  authorizationEndpoint: "https://{host}/login/oauth/authorize",
  tokenEndpoint: "https://{host}/login/oauth/access_token",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the instance", default: "gitea.com" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/gitea.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, HTTP Basic, PKCE."
  }]
}
