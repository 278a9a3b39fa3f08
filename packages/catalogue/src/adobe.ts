/**
 * Adobe: the Identity Management Services (IMS) for web apps with a secret. A refresh token comes only when
 * offline_access was asked for.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Adobe.
 *
 * @category providers
 * @since 0.1.0
 */
export const adobe: Encoded = {
  provider: "adobe",
  authorizationEndpoint: "https://ims-na1.adobelogin.com/ims/authorize/v2",
  tokenEndpoint: "https://ims-na1.adobelogin.com/ims/token/v3",
  revocationEndpoint: "https://ims-na1.adobelogin.com/ims/revoke",
  userinfoEndpoint: "https://ims-na1.adobelogin.com/ims/userinfo/v2",
  clientAuthentication: "basic",
  apiOrigins: ["https://ims-na1.adobelogin.com"],
  dialect: { authorization: { scopeSeparator: "," }, response: { refreshTokenLifetime: "14 days" } },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://developer.adobe.com/developer-console/docs/guides/authentication/UserAuthentication/",
    read: "2026-11-29",
    standing: "documented",
    about: "A renewal gives both tokens anew, and the new refresh token is to be used next."
  }, {
    url: "https://developer.adobe.com/developer-console/docs/guides/authentication/UserAuthentication/ims",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints; Basic for clients with a secret; scopes by comma or space in the authorization request; answers without scope; access tokens of a day, refresh tokens of 14 days. Read in github.com/AdobeDocs/adobe-dev-console. Add the origins of the API that you use."
  }]
}
