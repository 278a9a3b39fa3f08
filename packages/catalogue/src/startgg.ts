/**
 * start.gg: the exchange of the code and the renewal repeat the scope, and renewals go to an address of their own.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * start.gg.
 *
 * @category providers
 * @since 0.1.0
 */
export const startgg: Encoded = {
  provider: "startgg",
  authorizationEndpoint: "https://start.gg/oauth/authorize",
  tokenEndpoint: "https://api.start.gg/oauth/access_token",
  refreshEndpoint: "https://api.start.gg/oauth/refresh",
  clientAuthentication: "post",
  apiOrigins: ["https://api.start.gg"],
  dialect: { authorizationCode: { scope: "asked" }, refreshToken: { scope: "asked" } },
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/startgg.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "Endpoints, and what the requests hold. Renewals there carry the redirect URI too, which is not described: nothing says that they must."
  }]
}
