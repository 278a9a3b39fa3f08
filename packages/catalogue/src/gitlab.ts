/**
 * GitLab: gitlab.com, or an instance of your own by its host. A renewal ends both old tokens and repeats the
 * redirect URI.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * GitLab.
 *
 * @category providers
 * @since 0.1.0
 */
export const gitlab: Encoded = {
  provider: "gitlab",
  authorizationEndpoint: "https://{host}/oauth/authorize",
  tokenEndpoint: "https://{host}/oauth/token",
  revocationEndpoint: "https://{host}/oauth/revoke",
  deviceAuthorizationEndpoint: "https://{host}/oauth/authorize_device",
  clientAuthentication: "post",
  apiOrigins: ["https://{host}"],
  variables: { host: { description: "the host of the instance", default: "gitlab.com" } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://docs.gitlab.com/api/oauth2/",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints, PKCE, devices, two hours, and that a renewal ends both old tokens. The documentation's renewals repeat redirect_uri; other clients leave it out. Read in github.com/gitlabhq/gitlabhq."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/gitlab.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Revocation, and renewals without redirect_uri."
  }]
}
