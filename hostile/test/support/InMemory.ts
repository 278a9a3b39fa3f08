/** The same application over the authorization server in memory, where time is the test's. */
import {
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { Layer } from "effect"

export const layer = (
  options?: TestAuthorizationServer.Options,
  policy: RefreshPolicy.Options = {},
  store: Layer.Layer<TokenStore.TokenStore> = TokenStore.layerMemory
) =>
  Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      store,
      PendingAuthorizations.layerMemory(),
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Revocation.layer
    )),
    Layer.provideMerge(TestAuthorizationServer.layer(options)),
    Layer.provideMerge(TestCrypto.layer()),
    Layer.provide(RefreshPolicy.layer(policy))
  )
