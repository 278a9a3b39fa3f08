/**
 * Fitbit: the Web API, which Google's Health API replaces. Errors come as a list, the first of which counts.
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
  endOfLife: "2026-10-01T00:00:00Z",
  sources: [{
    url: "https://developers.google.com/health/migration",
    read: "2026-11-29",
    standing: "documented",
    about: "The Health API takes Google's tokens; those of Fitbit cannot be taken over."
  }, {
    url: "https://apis.io/providers/fitbit/",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The end is announced for September 2026, without a day. Others say 31 May 2026."
  }, {
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
