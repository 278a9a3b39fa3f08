/**
 * QQ: requests are GETs with fmt=json; lifetimes are digits in a text. The API takes the token, with openid, in
 * the query.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * QQ.
 *
 * @category providers
 * @since 0.1.0
 */
export const qq: Encoded = {
  provider: "qq",
  authorizationEndpoint: "https://graph.qq.com/oauth2.0/authorize",
  tokenEndpoint: "https://graph.qq.com/oauth2.0/token",
  clientAuthentication: "post",
  apiOrigins: ["https://graph.qq.com"],
  dialect: {
    authorization: { scopeSeparator: "," },
    response: { defaultTokenType: "Bearer", expiresIn: "number-or-digits" },
    requests: { token: { method: "GET", parameters: { fmt: "json" } } },
    answers: { format: "json-by-any-type" }
  },
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, and the client in the query."
  }, {
    url: "https://github.com/simov/grant/blob/master/lib/flow/oauth2.js",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The request as a GET. fmt=json, and lifetimes as texts, are what many public clients write."
  }]
}
