/**
 * Tableau: a personal access token, its name and its secret, is exchanged for a session. It is no request of the RFC's,
 * but the token's name and secret are a client's, so it is described as a token of the client's own. The API takes the
 * session in the header X-Tableau-Auth. A second session ends the first one: use one process.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Tableau.
 *
 * @category providers
 * @since 0.1.0
 */
export const tableau: Encoded = {
  provider: "tableau",
  tokenEndpoint: "https://{host}/api/{version}/auth/signin",
  clientAuthentication: "post",
  apiOrigins: ["https://{host}"],
  variables: {
    host: { description: "the host, 10ay.online.tableau.com" },
    version: { description: "the version of the REST API", default: "3.26" },
    site: { description: "the site as addresses have it (contentUrl)" }
  },
  dialect: {
    requests: {
      token: {
        encoding: "json-by-path",
        names: {
          client_id: "credentials.personalAccessTokenName",
          client_secret: "credentials.personalAccessTokenSecret"
        },
        omit: ["grant_type"],
        parameters: { "credentials.site.contentUrl": "{site}" }
      }
    },
    response: { defaultTokenType: "Bearer" },
    answers: {
      path: "credentials",
      names: { access_token: "token", expires_in: "estimatedTimeToExpiration" },
      lifetime: "HH:MM:SS"
    }
  },
  sources: [{
    url: "https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_concepts_auth.htm",
    read: "2026-11-29",
    standing: "documented",
    about: "The address, personal access tokens, the site's content URL, the header X-Tableau-Auth."
  }, {
    url: "https://tableau.github.io/tableau-mcp/docs/configuration/mcp-config/authentication/pat",
    read: "2026-11-29",
    standing: "documented",
    about: "A personal access token that signs in again ends its earlier session."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The JSON of the request and of the answer. Nango reads 177:05:38 as days, hours and minutes; no document of Tableau's that was found says which, so the shorter reading is taken."
  }]
}
