/**
 * Sentry: the integration platform: an installation has a token endpoint of its own, JSON with members in camel
 * case and a status of 201. The code of an installation comes without a state, by webhook or redirect, so it is
 * exchanged and not logged in with.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Sentry.
 *
 * @category providers
 * @since 0.1.0
 */
export const sentry: Encoded = {
  provider: "sentry",
  tokenEndpoint: "https://sentry.io/api/0/sentry-app-installations/{installation}/authorizations/",
  clientAuthentication: "post",
  apiOrigins: ["https://sentry.io"],
  variables: { installation: { description: "the identifier of the installation" } },
  dialect: {
    response: { defaultTokenType: "Bearer" },
    requests: { token: { encoding: "json" } },
    answers: {
      statuses: [201],
      names: { access_token: "token", refresh_token: "refreshToken" },
      expiresAt: { name: "expiresAt", form: "iso" }
    }
  },
  sources: [{
    url: "https://docs.sentry.io/organization/integrations/integration-platform/public-integration",
    read: "2026-11-29",
    standing: "documented",
    about: "The code and the installation come by webhook, or with a redirect whose address holds no state."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The address; the code by webhook."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The bodies, 201, token, refreshToken, expiresAt."
  }]
}
