/**
 * Stripe Apps: the secret is the user's name of HTTP Basic, without a password. The answer tells no lifetime; an
 * hour is what clients count.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Stripe Apps.
 *
 * @category providers
 * @since 0.1.0
 */
export const stripeApp: Encoded = {
  provider: "stripe-app",
  authorizationEndpoint: "https://marketplace.stripe.com/oauth/v2/authorize",
  tokenEndpoint: "https://api.stripe.com/v1/oauth/token",
  clientAuthentication: "secretAsUser",
  apiOrigins: ["https://api.stripe.com"],
  dialect: {
    authorization: { pkce: "none" },
    response: { defaultLifetime: "60 minutes", keep: ["stripe_user_id", "livemode"] }
  },
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Addresses, PKCE off."
  }, {
    url: "https://github.com/NangoHQ/nango/blob/master/packages/shared/lib/clients/provider.client.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "The secret as the user's name; an hour; what an answer holds."
  }]
}
