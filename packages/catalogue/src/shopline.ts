/**
 * Shopline: its login is a page behind the # of its address. Requests carry the key of the app, the time and an HMAC of
 * both with the body, which are for the hook onRequest; a renewal has no body at all. There is no refresh token.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Shopline.
 *
 * @category providers
 * @since 0.1.0
 */
export const shopline: Encoded = {
  provider: "shopline",
  authorizationEndpoint: "https://{handle}.myshopline.com/admin/oauth-web/#/oauth/authorize",
  tokenEndpoint: "https://{handle}.myshopline.com/admin/oauth/token/create",
  refreshEndpoint: "https://{handle}.myshopline.com/admin/oauth/token/refresh",
  clientAuthentication: "post",
  apiOrigins: ["https://{handle}.myshopline.com"],
  variables: { handle: { description: "the store's handle, of open001.myshopline.com it is open001" } },
  hooks: { onRequest: "sends appkey, timestamp and sign, the HMAC of the body and the timestamp, as headers" },
  dialect: {
    authorization: {
      fragment: "read",
      pkce: "none",
      scopeSeparator: ",",
      names: {
        response_type: "responseType",
        client_id: "appKey",
        redirect_uri: "redirectUri",
        state: "customField"
      }
    },
    authorizationResponse: { names: { state: "customField" } },
    authorizationCode: { redirectUri: "omitted" },
    refreshToken: { presents: "access_token" },
    requests: {
      token: { encoding: "json", omit: ["grant_type", "client_id", "client_secret"] },
      refreshToken: { encoding: "query", omit: ["refresh_token"] }
    },
    response: { defaultTokenType: "Bearer", scopeSeparator: "," },
    answers: {
      path: "data",
      names: { access_token: "accessToken" },
      expiresAt: { name: "expireTime", form: "iso" }
    }
  },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developer.shopline.com/docs/apps/api-instructions-for-use/app-authorization",
    read: "2026-11-29",
    standing: "documented",
    about: "The app's key and secret, the store's handle, signed requests with a timestamp in milliseconds."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The addresses, the fragment, the parameters' names, the separator, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The bodies, the signature, data.accessToken and data.expireTime; a renewal presents nothing but the app's key."
  }]
}
