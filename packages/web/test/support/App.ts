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
import { Clock, Context, Effect, Layer, type Schema } from "effect"
import { Persistence } from "effect/persistence"
import * as Browser from "./Browser.ts"

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

/** What the OpenID provider posts when somebody signed out, with claims that are changed, or left out. */
export const told = Effect.fnUntraced(function*(changes: Readonly<Record<string, Schema.Json | undefined>>) {
  const signer = yield* Signer
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const claims = {
    iss: "https://as.test",
    aud: "test-client",
    sub: "user-1",
    sid: "s-1",
    iat: now,
    exp: now + 120,
    jti: "logout-1",
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    ...changes
  }
  const token = yield* signer.signWith(
    Object.fromEntries(Object.entries(claims).flatMap(([name, value]) => value === undefined ? [] : [[name, value]])),
    { typ: "logout+jwt", kid: "test-key-1" }
  )
  return Browser.form({ logout_token: token })
})

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
