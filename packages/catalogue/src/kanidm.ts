/**
 * Kanidm: an identity provider by its host. Errors are JSON that calls itself plain text.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Kanidm.
 *
 * @category providers
 * @since 0.1.0
 */
export const kanidm: Encoded = {
  provider: "kanidm",
  authorizationEndpoint: "https://{host}/ui/oauth2",
  tokenEndpoint: "https://{host}/oauth2/token",
  revocationEndpoint: "https://{host}/oauth2/token/revoke",
  introspectionEndpoint: "https://{host}/oauth2/token/introspect",
  clientAuthentication: "basic",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the server" } },
  dialect: { answers: { format: "json-by-any-type" } },
  sources: [{
    url: "https://kanidm.github.io/kanidm/stable/integrations/oauth2.html",
    read: "2026-11-29",
    standing: "documented",
    about: "Addresses, HTTP Basic, PKCE by S256. Read in github.com/kanidm/kanidm."
  }, {
    url: "https://github.com/kanidm/kanidm/issues/4470",
    read: "2026-11-21",
    standing: "from third parties",
    about: "Errors as text/plain."
  }]
}
