/**
 * Strava: scopes by comma.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Strava.
 *
 * @category providers
 * @since 0.1.0
 */
export const strava: Encoded = {
  provider: "strava",
  authorizationEndpoint: "https://www.strava.com/oauth/authorize",
  tokenEndpoint: "https://www.strava.com/api/v3/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://www.strava.com"],
  dialect: { authorization: { scopeSeparator: ",", parameters: { approval_prompt: "auto" } } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/strava.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body. The end of the access token is told twice, by expires_in and expires_at."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Scopes by comma; approval_prompt."
  }]
}
