/**
 * VK: the API of version 5. A token that was asked for with the scope offline does not end; there are no refresh
 * tokens.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * VK.
 *
 * @category providers
 * @since 0.1.0
 */
export const vk: Encoded = {
  provider: "vk",
  authorizationEndpoint: "https://oauth.vk.com/authorize",
  tokenEndpoint: "https://oauth.vk.com/access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.vk.com"],
  dialect: {
    authorization: { scopeSeparator: ",", pkce: "none" },
    response: { defaultTokenType: "Bearer", keep: ["user_id"] }
  },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/vk.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body, the scope offline, no PKCE."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/vk.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The API wants its version in each request."
  }]
}
