/**
 * Amazon: Login with Amazon.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Amazon.
 *
 * @category providers
 * @since 0.1.0
 */
export const amazon: Encoded = {
  provider: "amazon",
  authorizationEndpoint: "https://www.amazon.com/ap/oa",
  tokenEndpoint: "https://api.amazon.com/auth/o2/token",
  clientAuthentication: "post",
  apiOrigins: ["https://api.amazon.com"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }, {
    url: "https://github.com/simov/grant/blob/master/config/oauth.json",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The endpoints once more."
  }]
}
