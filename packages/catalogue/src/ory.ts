/**
 * Ory: a project of Ory Network, or Ory Hydra by its host. Refresh tokens are good once, unless a grace is
 * configured, and one that comes again ends them all.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Ory.
 *
 * @category providers
 * @since 0.1.0
 */
export const ory: Encoded = {
  provider: "ory",
  authorizationEndpoint: "https://{host}/oauth2/auth",
  tokenEndpoint: "https://{host}/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host, example.projects.oryapis.com" } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://www.ory.com/docs/oauth2-oidc/refresh-token-grant",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints; refresh tokens rotate."
  }, {
    url: "https://www.ory.com/docs/hydra/guides/graceful-token-refresh",
    read: "2026-11-29",
    standing: "documented",
    about: "The grace, which is off unless configured; reuse is detected. Read in github.com/ory/docs."
  }]
}
