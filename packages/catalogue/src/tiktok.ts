/**
 * TikTok: TikTok for Developers, web apps. The client is client_key, scopes go by comma, and refresh tokens
 * rotate.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * TikTok.
 *
 * @category providers
 * @since 0.1.0
 */
export const tiktok: Encoded = {
  provider: "tiktok",
  authorizationEndpoint: "https://www.tiktok.com/v2/auth/authorize/",
  tokenEndpoint: "https://open.tiktokapis.com/v2/oauth/token/",
  revocationEndpoint: "https://open.tiktokapis.com/v2/oauth/revoke/",
  clientAuthentication: "post",
  apiOrigins: ["https://open.tiktokapis.com"],
  dialect: {
    authorization: { scopeSeparator: ",", pkce: "none", names: { client_id: "client_key" } },
    response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_expires_in", keep: ["open_id"] },
    requests: { token: { names: { client_id: "client_key" } }, revocation: { names: { client_id: "client_key" } } }
  },
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://developers.tiktok.com/doc/oauth-get-a-user-access-token",
    read: "2026-11-29",
    standing: "documented",
    about: "client_key; PKCE is for mobile and desktop apps."
  }, {
    url: "https://developers.tiktok.com/docs/en/oauth-refresh-a-user-access-token",
    read: "2026-11-29",
    standing: "documented",
    about: "Refresh tokens rotate, and the old one stops working."
  }, {
    url: "https://developers.tiktok.com/doc/oauth-user-access-token-management",
    read: "2026-11-29",
    standing: "documented",
    about: "The answer, with scopes by comma and refresh_expires_in."
  }, {
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/tiktok.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoint for revocation."
  }]
}
