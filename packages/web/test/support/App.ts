/** An application in miniature, with sessions. */
import {
  AuthorizationServer,
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks, LogoutToken } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { BrowserSessions } from "@effect-oauth/web"
import { Context, Effect, Layer } from "effect"
import { Persistence } from "effect/persistence"

/** What an application has besides its routes. */
export const layer = (options?: TestAuthorizationServer.Options, sessions?: BrowserSessions.Options) =>
  client(sessions).pipe(Layer.provideMerge(world(options)))

/** The same at an OpenID provider, whose ID tokens and logout tokens are verified. */
export const layerOpenId = (options?: TestAuthorizationServer.Options, sessions?: BrowserSessions.Options) =>
  Layer.unwrap(Effect.map(TestSigner.make(), (signer) =>
    client(sessions).pipe(
      Layer.provideMerge(IdToken.layer({ algorithms: ["ES256"] })),
      Layer.provideMerge(LogoutToken.layer({ algorithms: ["ES256"] })),
      Layer.provideMerge(Jwks.layer()),
      Layer.provideMerge(Layer.effect(
        AuthorizationServer.AuthorizationServer,
        Effect.map(AuthorizationServer.AuthorizationServer, (server) => ({
          ...server,
          endSessionEndpoint: `${server.issuer}/end-session`
        }))
      )),
      Layer.provideMerge(world({ openid: { signer }, ...options })),
      Layer.provideMerge(Layer.succeed(Signer, signer))
    )))

/** What the OpenID provider signs with. */
export class Signer
  extends Context.Service<Signer, TestSigner.TestSigner>()("@effect-oauth/web/test/support/App/Signer")
{}

const client = (sessions?: BrowserSessions.Options) =>
  Layer.merge(BrowserSessions.layerWith(sessions), Login.layerWith).pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(PushedAuthorization.layer, TokenEndpoint.layer, Revocation.layer))
  )

const world = (options?: TestAuthorizationServer.Options) =>
  Layer.mergeAll(
    TokenStore.layerMemory,
    PendingAuthorizations.layerMemory(),
    Persistence.layerBackingMemory,
    TestAuthorizationServer.layer(options),
    TestCrypto.layer()
  )
