/**
 * 42: the intranet of the 42 schools.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * 42.
 *
 * @category providers
 * @since 0.1.0
 */
export const fortyTwo: Encoded = {
  provider: "42",
  authorizationEndpoint: "https://api.intra.42.fr/oauth/authorize",
  tokenEndpoint: "https://api.intra.42.fr/oauth/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.intra.42.fr"],
  sources: [{
    url: "https://github.com/pilcrowonpaper/arctic/blob/v3/src/providers/42.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints, the secret in the body."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/42-school.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoints once more."
  }]
}
