/**
 * Coinbase: the Coinbase App.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Coinbase.
 *
 * @category providers
 * @since 0.1.0
 */
export const coinbase: Encoded = {
  provider: "coinbase",
  authorizationEndpoint: "https://login.coinbase.com/oauth2/auth",
  tokenEndpoint: "https://login.coinbase.com/oauth2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.coinbase.com"],
  sources: [{
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/coinbase.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
