/**
 * Mercado Libre: a country's site has a login of its own; this is the one of the platform.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Mercado Libre.
 *
 * @category providers
 * @since 0.1.0
 */
export const mercadoLibre: Encoded = {
  provider: "mercado-libre",
  authorizationEndpoint: "https://auth.mercadolibre.com/authorization",
  tokenEndpoint: "https://api.mercadolibre.com/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.mercadolibre.com"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/mercadolibre.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, PKCE, the secret in the body."
  }]
}
