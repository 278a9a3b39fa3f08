/**
 * Figma: renewals go to an address of their own and give no refresh token; the first one stays.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Figma.
 *
 * @category providers
 * @since 0.1.0
 */
export const figma: Encoded = {
  provider: "figma",
  authorizationEndpoint: "https://www.figma.com/oauth",
  tokenEndpoint: "https://api.figma.com/v1/oauth/token",
  refreshEndpoint: "https://api.figma.com/v1/oauth/refresh",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.figma.com"],
  dialect: { authorization: { scopeSeparator: ",", pkce: "none" }, response: { keep: ["user_id_string"] } },
  rotation: { policy: "static" },
  sources: [{
    url: "https://developers.figma.com/docs/rest-api/authentication/",
    read: "2026-11-29",
    standing: "documented",
    about: "The three addresses, read in Figma's API specification (github.com/figma/rest-api-spec)."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "HTTP Basic, scopes by comma, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "A renewal gives no refresh token, and the first one is used on."
  }]
}
