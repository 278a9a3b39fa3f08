/**
 * Basecamp: Launchpad, which speaks a draft of OAuth 2 from 2010: a parameter type in place of grant_type.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Basecamp.
 *
 * @category providers
 * @since 0.1.0
 */
export const basecamp: Encoded = {
  provider: "basecamp",
  authorizationEndpoint: "https://launchpad.37signals.com/authorization/new",
  tokenEndpoint: "https://launchpad.37signals.com/authorization/token",
  clientAuthentication: "post",
  apiOrigins: ["https://launchpad.37signals.com", "https://3.basecampapi.com", "https://basecamp.com"],
  dialect: {
    authorization: { parameters: { type: "web_server" } },
    response: { defaultTokenType: "Bearer" },
    requests: {
      token: { omit: ["grant_type"] },
      authorizationCode: { parameters: { type: "web_server" } },
      refreshToken: { parameters: { type: "refresh" } }
    }
  },
  sources: [{
    url: "https://github.com/basecamp/api/blob/master/sections/authentication.md",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints, the parameter type, draft 5, access tokens of two weeks. Which accounts a token is for is asked at /authorization.json."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "That the parameters may be in the body. The shape of the answer, without token_type, is what clients report."
  }]
}
