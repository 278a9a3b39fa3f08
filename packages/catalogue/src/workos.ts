/**
 * WorkOS: AuthKit. The access token is a JWT whose end is only in itself; a refresh token that was just replaced
 * gives the same answer for half a minute.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * WorkOS.
 *
 * @category providers
 * @since 0.1.0
 */
export const workos: Encoded = {
  provider: "workos",
  authorizationEndpoint: "https://api.workos.com/user_management/authorize",
  tokenEndpoint: "https://api.workos.com/user_management/authenticate",
  clientAuthentication: "post",
  apiOrigins: ["https://api.workos.com"],
  dialect: {
    authorization: { parameters: { provider: "authkit" } },
    authorizationCode: { redirectUri: "omitted" },
    response: { defaultTokenType: "Bearer" },
    requests: { token: { encoding: "json" } },
    answers: { lifetime: "jwt" }
  },
  rotation: { policy: "rotating", window: { duration: "30 seconds", idempotent: true } },
  sources: [{
    url: "https://github.com/workos/workos-node",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints, grant types and bodies, in WorkOS's own client. The origin of your own API is what such tokens are for: add it."
  }, {
    url: "https://github.com/kurrent-io/kcap-cli/issues/946",
    read: "2026-11-21",
    standing: "from third parties",
    about: "Half a minute in which the same refresh token gives the same answer."
  }]
}
