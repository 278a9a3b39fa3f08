/**
 * Google: a refresh token comes only where access_type=offline and the consent were asked for, and stays the same.
 * Of an app in testing it ends after seven days.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Google.
 *
 * @category providers
 * @since 0.1.0
 */
export const google: Encoded = {
  provider: "google",
  authorizationEndpoint: "https://accounts.google.com/o/oauth2/v2/auth",
  tokenEndpoint: "https://oauth2.googleapis.com/token",
  revocationEndpoint: "https://oauth2.googleapis.com/revoke",
  deviceAuthorizationEndpoint: "https://oauth2.googleapis.com/device/code",
  clientAuthentication: "post",
  apiOrigins: [
    "https://www.googleapis.com",
    "https://openidconnect.googleapis.com",
    "https://gmail.googleapis.com",
    "https://sheets.googleapis.com",
    "https://docs.googleapis.com",
    "https://people.googleapis.com"
  ],
  dialect: {
    authorization: { parameters: { access_type: "offline", prompt: "consent" } },
    answers: { device: { verification_uri: "verification_url" } }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developers.google.com/identity/protocols/oauth2",
    read: "2026-11-29",
    standing: "documented",
    about: "Refresh tokens may end for several reasons."
  }, {
    url:
      "https://docs.gitguardian.com/secrets-detection/secrets-detection-engine/detectors/specifics/google_oauth2_refresh_token",
    read: "2026-11-29",
    standing: "from third parties",
    about: "They end after six months without use."
  }, {
    url: "https://wiki.dolibarr.org/index.php/Special:MobileDiff/61572",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Of an app in testing they end after seven days."
  }, {
    url: "https://github.com/googleapis/google-api-nodejs-client/issues/750",
    read: "2026-11-21",
    standing: "from third parties",
    about: "A refresh token comes with access_type=offline and prompt=consent; a renewal gives none."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/google.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and PKCE."
  }, {
    url: "https://github.com/golang/oauth2/blob/master/deviceauth.go",
    read: "2026-11-21",
    standing: "from third parties",
    about: "verification_url in place of verification_uri."
  }]
}
