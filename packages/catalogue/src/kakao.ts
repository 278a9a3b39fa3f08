/**
 * Kakao: Kakao Login. The lifetime of the refresh token is told.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Kakao.
 *
 * @category providers
 * @since 0.1.0
 */
export const kakao: Encoded = {
  provider: "kakao",
  authorizationEndpoint: "https://kauth.kakao.com/oauth/authorize",
  tokenEndpoint: "https://kauth.kakao.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://kapi.kakao.com"],
  dialect: { response: { refreshTokenExpiresIn: "refresh_token_expires_in" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/kakao.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body, refresh_token_expires_in."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/kakao.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The origin of the API."
  }]
}
