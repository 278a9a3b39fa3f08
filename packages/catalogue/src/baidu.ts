/**
 * Baidu: Baidu's open platform. The API takes the token in the query.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Baidu.
 *
 * @category providers
 * @since 0.1.0
 */
export const baidu: Encoded = {
  provider: "baidu",
  authorizationEndpoint: "https://openapi.baidu.com/oauth/2.0/authorize",
  tokenEndpoint: "https://openapi.baidu.com/oauth/2.0/token",
  clientAuthentication: "post",
  apiOrigins: ["https://openapi.baidu.com", "https://pan.baidu.com"],
  sources: [{
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
