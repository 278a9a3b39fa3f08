/**
 * Box: the Content API.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Box.
 *
 * @category providers
 * @since 0.1.0
 */
export const box: Encoded = {
  provider: "box",
  authorizationEndpoint: "https://account.box.com/api/oauth2/authorize",
  tokenEndpoint: "https://api.box.com/oauth2/token",
  revocationEndpoint: "https://api.box.com/oauth2/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://api.box.com", "https://upload.box.com"],
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://workos.com/blog/refresh-token-behavior-across-fourteen-providers",
    read: "2026-11-29",
    standing: "from third parties",
    about: "A refresh token is good for one use."
  }, {
    url: "https://developer.box.com/reference/post-oauth2-token/",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints and the credentials in the body. Read in Box's API specification (github.com/box/box-openapi)."
  }]
}
