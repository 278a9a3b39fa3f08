/**
 * Bluesky: the authorization server of accounts that Bluesky hosts. Requests are pushed, and every token is bound
 * to a key: give the client the layer of Dpop. The client's identifier is the address of its metadata.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Bluesky.
 *
 * @category providers
 * @since 0.1.0
 */
export const bluesky: Encoded = {
  provider: "bluesky",
  issuer: "https://bsky.social",
  authorizationEndpoint: "https://bsky.social/oauth/authorize",
  tokenEndpoint: "https://bsky.social/oauth/token",
  pushedAuthorizationRequestEndpoint: "https://bsky.social/oauth/par",
  clientAuthentication: "none",
  apiOrigins: ["https://bsky.social"],
  rotation: { policy: "rotating" },
  sources: [{
    url: "https://atproto.com/specs/oauth",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Pushed requests, PKCE, DPoP with nonces, refresh tokens that are good once. Read in github.com/bluesky-social/atproto-website. An account's own server is found from its handle: discovery (layerDiscovery) serves those that Bluesky does not host."
  }, {
    url: "https://github.com/bluesky-social/atproto/issues/3859",
    read: "2026-11-21",
    standing: "from third parties",
    about: "Which addresses bsky.social has, and that a refresh token is spent before the nonce is looked at."
  }]
}
