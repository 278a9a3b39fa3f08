/** Against `oidc-provider`, over sockets: a person is asked on a device of their own (OpenID Connect CIBA). */
import {
  BackchannelAuthentication,
  BackchannelLogin,
  BackchannelNotifications,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { BackchannelRequest, IdToken, Jwks } from "@effect-oauth/core/jose"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { generateKeyPairSync } from "node:crypto"
import * as http from "node:http"
import { type ClientMetadata, type Configuration, errors, Provider } from "oidc-provider"
import { listen } from "./support/server.ts"

describe("oidc-provider asks a person on a device of their own", () => {
  it.live("and the client asks until they agree", () =>
    Effect.gen(function*() {
      const { decide, login, service } = yield* services
      const begun = yield* login.begin({
        account: "ada",
        loginHint: "ada",
        scopes: ["openid"],
        bindingMessage: "W4-SQ"
      })
      const waiting = yield* Effect.forkChild(login.complete(begun))

      yield* decide("agree")
      const completed = yield* Fiber.join(waiting)

      assert.strictEqual(Option.getOrThrow(completed.identity).subject, "ada")
      assert.isTrue(completed.renewable)
      yield* service.refresh(completed.key)
    }).pipe(application("poll")))

  it.live("and they decline", () =>
    Effect.gen(function*() {
      const { decide, login } = yield* services
      const begun = yield* login.begin({ account: "ada", loginHint: "ada", scopes: ["openid"] })

      yield* decide("decline")
      const error = yield* Effect.flip(login.complete(begun))

      assert.strictEqual(reasonOf(error), "AuthorizationRefused access_denied")
    }).pipe(application("poll")))

  it.live("and nobody is known by that name", () =>
    Effect.gen(function*() {
      const { login } = yield* services

      const error = yield* Effect.flip(login.begin({ account: "x", loginHint: "nobody", scopes: ["openid"] }))

      assert.strictEqual(reasonOf(error), "RequestRefused unknown_user_id")
    }).pipe(application("poll")))

  it.live("and calls when they have agreed", () =>
    Effect.gen(function*() {
      const { decide, login } = yield* services
      const begun = yield* login.begin({ account: "ada", loginHint: "ada", scopes: ["openid"] })
      const waiting = yield* Effect.forkChild(login.complete(begun))

      yield* decide("agree")
      const completed = yield* Fiber.join(waiting)

      assert.strictEqual(Option.getOrThrow(completed.identity).subject, "ada")
    }).pipe(application("ping")))

  it.live("for a client that signs its requests", () =>
    Effect.gen(function*() {
      const { decide, login } = yield* services
      const begun = yield* login.begin({ account: "ada", loginHint: "ada", scopes: ["openid"] })

      yield* decide("agree")
      const completed = yield* login.complete(begun)

      assert.strictEqual(completed.key.account, "ada")
    }).pipe(application("signing")))
})

type Decision = "agree" | "decline"

/** What the person does. */
class Person extends Context.Service<Person, {
  readonly decide: (decision: Decision) => Effect.Effect<void>
}>()("@effect-oauth/generic-rfc6749/test/interop/Person") {}

const services = Effect.gen(function*() {
  const { decide } = yield* Person
  return { decide, login: yield* BackchannelLogin.BackchannelLogin, service: yield* TokenService.TokenService }
})

const notificationEndpoint = "https://app.example/ciba"

const jwk = () => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  use: "sig",
  alg: "ES256"
})

const [serverJwk, clientJwk] = [jwk(), jwk()]

const secret = "a secret of 32 characters and more"

const client = (id: string, metadata: Partial<ClientMetadata>): ClientMetadata => ({
  client_id: id,
  client_secret: secret,
  redirect_uris: [],
  response_types: [],
  grant_types: [BackchannelAuthentication.grantType, "refresh_token"],
  backchannel_token_delivery_mode: "poll",
  ...metadata
})

const { d: _, ...clientPublic } = clientJwk

const configuration = (asked: Array<string>, callAt: () => string): Configuration => ({
  clients: [
    client("poll", {}),
    client("ping", {
      backchannel_token_delivery_mode: "ping",
      backchannel_client_notification_endpoint: notificationEndpoint
    }),
    client("signing", {
      backchannel_authentication_request_signing_alg: "ES256",
      jwks: { keys: [clientPublic] }
    })
  ],
  jwks: { keys: [serverJwk] },
  scopes: ["openid"],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  rotateRefreshToken: true,
  issueRefreshToken: () => Promise.resolve(true),
  expiresWithSession: () => Promise.resolve(false),
  findAccount: (_, id) => ({ accountId: id, claims: () => Promise.resolve({ sub: id }) }),
  // the notification endpoint is registered by https and served on this machine, which the server's own fetch refuses
  fetch: (url, { body = null, headers = {}, method = "GET" } = {}) =>
    fetch(String(url).replace("https://app.example", callAt()), { body, headers, method, redirect: "manual" }),
  features: {
    requestObjects: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ["poll", "ping"],
      processLoginHint: (_, hint) => Promise.resolve(hint === "ada" ? "ada" : undefined),
      validateBindingMessage: () => Promise.resolve(),
      validateRequestContext: () => Promise.resolve(),
      verifyUserCode: () => Promise.resolve(),
      triggerAuthenticationDevice: (_, request) => {
        asked.push(request.jti)
        return Promise.resolve()
      }
    }
  }
})

const application = (clientId: "ping" | "poll" | "signing") => {
  const asked: Array<string> = []
  let callAt = ""
  const discovered = Layer.unwrap(Effect.gen(function*() {
    let provider: Provider | undefined
    const origin = yield* listen((origin) => {
      provider = new Provider(origin, configuration(asked, () => callAt))
      return Promise.resolve(provider.callback())
    })
    const person = Layer.succeed(Person, {
      decide: (decision) =>
        Effect.promise(async () => {
          const made = provider ?? assert.fail("there is no server")
          const id = asked.pop() ?? assert.fail("nobody was asked")
          if (decision === "decline") return made.backchannelResult(id, new errors.AccessDenied("no"))
          const grant = new made.Grant({ accountId: "ada", clientId })
          grant.addOIDCScope("openid")
          return made.backchannelResult(id, await grant.save())
        })
    })
    return Layer.merge(
      person,
      GenericRfc6749.layerDiscoveryLoopback({ issuer: origin, clientId, clientSecret: Redacted.make(secret) })
    )
  }))
  const signer = clientId === "signing"
    ? BackchannelRequest.layer({ key: { jwk: Redacted.make(clientJwk) } })
    : Layer.empty
  const login = BackchannelLogin.layer().pipe(
    Layer.provide(BackchannelAuthentication.layer(
      clientId === "ping" ? { mode: "ping", notificationEndpoint } : { mode: "poll" }
    )),
    Layer.provide(signer),
    Layer.provide(TokenEndpoint.layer)
  )
  const route = HttpRouter.serve(BackchannelNotifications.layer({ path: "/ciba" }), {
    disableListenLog: true,
    disableLogger: true
  })
  const served = Layer.effectDiscard(Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    callAt = `http://127.0.0.1:${"port" in address ? address.port : assert.fail("there is no port")}`
  })).pipe(Layer.provide(route))
  const layer = served.pipe(
    Layer.provideMerge(login),
    Layer.provideMerge(OAuthClient.layerWith()),
    Layer.provide(Layer.provide(IdToken.layer(), Jwks.layer())),
    Layer.provide([
      TokenStore.layerMemory,
      PendingAuthorizations.layerMemory(),
      NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" })
    ]),
    Layer.provideMerge(discovered),
    Layer.provide(OAuthHttpClient.layerFetch)
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}

const reasonOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag
