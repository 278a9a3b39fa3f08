/**
 * Everything that an application needs of one provider, put together: logins,
 * grants and their tokens, revocation and introspection (RFC 6749, RFC 7009, RFC
 * 7662).
 *
 * @since 0.1.0
 */
import type * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"
import type { AuthorizationServer } from "./AuthorizationServer.ts"
import type { ClientAuthentication } from "./ClientAuthentication.ts"
import * as Introspection from "./Introspection.ts"
import * as Login from "./Login.ts"
import type { OAuthError } from "./OAuthError.ts"
import * as OAuthHttpClient from "./OAuthHttpClient.ts"
import type { PendingAuthorizations } from "./PendingAuthorizations.ts"
import * as PlatformDigest from "./PlatformDigest.ts"
import * as PushedAuthorization from "./PushedAuthorization.ts"
import * as Revocation from "./Revocation.ts"
import * as TokenEndpoint from "./TokenEndpoint.ts"
import * as TokenService from "./TokenService.ts"
import type { TokenStore } from "./TokenStore.ts"

/**
 * What a provider package supplies: an authorization server, and how the client
 * authenticates to it.
 *
 * @category models
 * @since 0.1.0
 */
export type Provider<R = never> = Layer.Layer<AuthorizationServer | ClientAuthentication, OAuthError, R>

/**
 * What the layers of this module provide.
 *
 * @category models
 * @since 0.1.0
 */
export type OAuthClient =
  | Introspection.Introspection
  | Login.Login
  | Revocation.Revocation
  | TokenEndpoint.TokenEndpoint
  | TokenService.TokenService

/**
 * The services for one client of one authorization server, by `fetch`.
 *
 * **When to use**
 *
 * Use it with a provider's layer and a store's; several providers are several
 * such layers over one store, keyed with `LayerMap`.
 *
 * **Details**
 *
 * Provide it with a provider before you share it: by itself it is built anew
 * wherever it is provided, so that no two servers share one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: TokenService.Options): Layer.Layer<
  OAuthClient,
  never,
  AuthorizationServer | ClientAuthentication | PendingAuthorizations | TokenStore
> => Layer.fresh(Layer.provide(layerWith(options), OAuthHttpClient.layerFetch))

/**
 * The same by the `OAuthHttpClient` in context. On Node undici's client is the
 * faster one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options?: TokenService.Options): Layer.Layer<
  OAuthClient,
  never,
  | AuthorizationServer
  | ClientAuthentication
  | OAuthHttpClient.OAuthHttpClient
  | PendingAuthorizations
  | TokenStore
> => Layer.provide(layerCrypto(options), Layer.merge(PlatformDigest.layer, SecureRandom.layerWebCrypto))

/**
 * The same with digests and randomness from the context: for platforms without
 * WebCrypto, and for tests, where `TestCrypto` of `@effect-oauth/core/testing`
 * is done at once. WebCrypto is not, and `TestClock` does not wait for it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerCrypto = (options?: TokenService.Options): Layer.Layer<
  OAuthClient,
  never,
  | AuthorizationServer
  | ClientAuthentication
  | Digest.Digest
  | OAuthHttpClient.OAuthHttpClient
  | PendingAuthorizations
  | SecureRandom.SecureRandom
  | TokenStore
> =>
  Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith(options)),
    Layer.provide(PushedAuthorization.layer),
    Layer.provideMerge(Layer.mergeAll(TokenEndpoint.layer, Revocation.layer, Introspection.layer)),
    Layer.fresh
  )
