/** An application in miniature: every layer of core over the authorization server in memory. */
import {
  type Dpop,
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
import { Effect, Layer } from "effect"

/** The application's layer. */
export const layer = (
  options?: TestAuthorizationServer.Options,
  policy?: RefreshPolicy.Options,
  pendings: Layer.Layer<PendingAuthorizations.PendingAuthorizations> = PendingAuthorizations.layerMemory()
) =>
  Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      TokenStore.layerMemory,
      pendings,
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Layer.succeed(Revocation.Revocation, { revoke: () => Effect.succeed("done") })
    )),
    Layer.provideMerge(TestAuthorizationServer.layer(options)),
    Layer.provideMerge(TestCrypto.layer()),
    Layer.provide(RefreshPolicy.layer(policy ?? {}))
  )

/** The same, with proofs of possession by a key of this seed. */
export const layerDpop = (
  options?: TestAuthorizationServer.Options,
  dpop?: Dpop.Options & { readonly seed?: number }
) => layer(options).pipe(Layer.provideMerge(TestCrypto.layerDpop(dpop)), Layer.provide(TestCrypto.layer()))

/** Logs an account in as a browser and a person do, and gives the key of its grant. */
export const login = Effect.fnUntraced(function*(account = "ada") {
  const logins = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const begun = yield* logins.begin({ account, redirectUri: "https://app.test/callback", scopes: ["read"] })
  const completed = yield* logins.complete(yield* server.authorize(begun.url))
  return completed.key
})
