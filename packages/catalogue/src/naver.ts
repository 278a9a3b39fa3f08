/**
 * Naver: Naver Login. Lifetimes are digits in a text.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Naver.
 *
 * @category providers
 * @since 0.1.0
 */
export const naver: Encoded = {
  provider: "naver",
  authorizationEndpoint: "https://nid.naver.com/oauth2.0/authorize",
  tokenEndpoint: "https://nid.naver.com/oauth2.0/token",
  clientAuthentication: "post",
  apiOrigins: ["https://openapi.naver.com"],
  dialect: { response: { expiresIn: "number-or-digits" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/naver.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body, expires_in as a text."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/naver.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The origin of the API."
  }]
}
