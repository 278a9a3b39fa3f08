/**
 * Harvest: the secret in the body. The API wants the headers Harvest-Account-Id and User-Agent.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Harvest.
 *
 * @category providers
 * @since 0.1.0
 */
export const harvest: Encoded = {
  provider: "harvest",
  authorizationEndpoint: "https://id.getharvest.com/oauth2/authorize",
  tokenEndpoint: "https://id.getharvest.com/api/v2/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.harvestapp.com"],
  sources: [{
    url: "https://help.getharvest.com/api-v2/authentication-api/authentication/authentication/",
    read: "2026-11-29",
    standing: "documented",
    about: "The API and its headers."
  }, {
    url: "https://help.getharvest.com/api/authentication/authentication/server-side-apps/",
    read: "2026-11-29",
    standing: "documented",
    about: "The secret in the body, and the members of the answer, of the API before this one."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The addresses."
  }]
}
