/**
 * Threads: a short-lived token is exchanged at login for one of 60 days; that one is renewed by itself, by GET.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Threads.
 *
 * @category providers
 * @since 0.1.0
 */
export const threads: Encoded = {
  provider: "threads",
  authorizationEndpoint: "https://threads.net/oauth/authorize",
  tokenEndpoint: "https://graph.threads.net/oauth/access_token",
  refreshEndpoint: "https://graph.threads.net/refresh_access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://graph.threads.net"],
  dialect: {
    authorization: { scopeSeparator: "," },
    authorizationCode: {
      then: {
        endpoint: "https://graph.threads.net/access_token",
        grantType: "th_exchange_token",
        parameter: "access_token"
      }
    },
    refreshToken: { presents: "access_token", grantType: "th_refresh_token" },
    response: { defaultTokenType: "Bearer" },
    requests: {
      then: { method: "GET", omit: ["client_id"] },
      refreshToken: { method: "GET", names: { refresh_token: "access_token" }, credentials: "omitted" }
    }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses and scopes by comma."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The second exchange and the renewal."
  }]
}
