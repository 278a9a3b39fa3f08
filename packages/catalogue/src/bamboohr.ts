/**
 * BambooHR: a company by its subdomain; a parameter request names the leg.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * BambooHR.
 *
 * @category providers
 * @since 0.1.0
 */
export const bamboohr: Encoded = {
  provider: "bamboohr",
  authorizationEndpoint: "https://{subdomain}.bamboohr.com/authorize.php",
  tokenEndpoint: "https://{subdomain}.bamboohr.com/token.php",
  clientAuthentication: "post",
  apiOrigins: ["https://{subdomain}.bamboohr.com", "https://api.bamboohr.com"],
  variables: {
    subdomain: { description: "the company's name before .bamboohr.com", pattern: "^[a-z0-9][a-z0-9_-]*$" }
  },
  dialect: {
    authorization: { parameters: { request: "authorize" } },
    authorizationCode: { parameters: { request: "token" } },
    refreshToken: { parameters: { request: "token" } }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and request."
  }]
}
