/**
 * Fitbit: errors come as a list, the first of which counts.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Fitbit.
 *
 * @category providers
 * @since 0.1.0
 */
export const fitbit: Encoded = {
  provider: "fitbit",
  authorizationEndpoint: "https://www.fitbit.com/oauth2/authorize",
  tokenEndpoint: "https://api.fitbit.com/oauth2/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.fitbit.com"],
  dialect: {
    response: { keep: ["user_id"] },
    answers: { error: "errors.0.errorType", errorDescription: "errors.0.message" }
  },
  sources: [{
    url: "https://github.com/requests/requests-oauthlib/blob/master/requests_oauthlib/compliance_fixes/fitbit.py",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The list of errors."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }]
}
