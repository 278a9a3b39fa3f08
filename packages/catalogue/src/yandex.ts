/**
 * Yandex: Yandex ID.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Yandex.
 *
 * @category providers
 * @since 0.1.0
 */
export const yandex: Encoded = {
  provider: "yandex",
  authorizationEndpoint: "https://oauth.yandex.com/authorize",
  tokenEndpoint: "https://oauth.yandex.com/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://login.yandex.ru"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/yandex.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/yandex.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Where the person is asked for. Add the origin of the API that you use."
  }]
}
