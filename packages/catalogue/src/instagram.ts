/**
 * Instagram: a token of an hour is exchanged at login for one of 60 days; that one is renewed by itself, by GET,
 * once it is a day old.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Instagram.
 *
 * @category providers
 * @since 0.1.0
 */
export const instagram: Encoded = {
  provider: "instagram",
  authorizationEndpoint: "https://www.instagram.com/oauth/authorize",
  tokenEndpoint: "https://api.instagram.com/oauth/access_token",
  refreshEndpoint: "https://graph.instagram.com/refresh_access_token",
  clientAuthentication: "post",
  apiOrigins: ["https://graph.instagram.com"],
  dialect: {
    authorization: { scopeSeparator: "," },
    authorizationCode: {
      then: {
        endpoint: "https://graph.instagram.com/access_token",
        grantType: "ig_exchange_token",
        parameter: "access_token"
      }
    },
    refreshToken: { presents: "access_token", grantType: "ig_refresh_token" },
    response: { defaultTokenType: "Bearer" },
    requests: {
      then: { method: "GET", omit: ["client_id"] },
      refreshToken: { method: "GET", names: { refresh_token: "access_token" }, credentials: "omitted" }
    }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developers.facebook.com/documentation/instagram-platform/reference/access_token",
    read: "2026-11-29",
    standing: "documented",
    about: "The second exchange."
  }, {
    url: "https://developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token",
    read: "2026-11-29",
    standing: "documented",
    about: "The renewal: a token that is a day old at least and has not ended; 60 days."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses and scopes by comma."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "What the exchange of the code sends."
  }]
}
