/** Dynamic client registration against `oidc-provider`, over sockets. */
import {
  Introspection,
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  RegisteredClient,
  RegistrationStore,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { ClientAssertion } from "@effect-oauth/core/jose"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { type Configuration, Provider } from "oidc-provider"
import { visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("oidc-provider with dynamic registration", () => {
  it.live("knows a client that registered itself, and its grants go on [7591-3.2.1-a]", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn

      const renewed = yield* service.refresh(key)
      const told = yield* Introspection.Introspection.use(({ introspect }) => introspect(renewed.value))

      const { clientId } = yield* RegisteredClient.RegisteredClient.use(({ current }) => current)
      assert.strictEqual(told._tag === "Active" && told.clientId, clientId)
      assert.strictEqual(key.client, clientId)
    }).pipe(Effect.provide(app())))

  it.live("gives another token with an update, and that one counts [7592-2.1-a] [7592-A.1-a] [7592-2.2-a]", () =>
    Effect.gen(function*() {
      const client = yield* RegisteredClient.RegisteredClient
      const first = yield* client.current

      const second = yield* client.update({ clientName: "Renamed" })
      const third = yield* client.read

      assert.strictEqual(third.metadata.clientName, "Renamed")
      assert.deepStrictEqual(third.metadata.redirectUris, first.metadata.redirectUris)
      assert.notStrictEqual(tokenOf(second), tokenOf(first))
      assert.strictEqual(third.management?.uri, first.management?.uri)
    }).pipe(Effect.provide(app())))

  it.live("knows a client no more when it asked for that [7592-2.3-a]", () =>
    Effect.gen(function*() {
      const client = yield* RegisteredClient.RegisteredClient
      const { clientId } = yield* client.current
      yield* client.remove

      const introspected = yield* Effect.flip(
        Introspection.Introspection.use(({ introspect }) => introspect(Redacted.make("t")))
      )

      // what was built for it speaks for no other, and registers none
      assert.isTrue(Option.isNone(yield* client.kept))
      assert.strictEqual(introspected.reason._tag, "ConfigurationInvalid")
      assert.notStrictEqual((yield* client.current).clientId, clientId)
    }).pipe(Effect.provide(app())))

  it.live("registers a client by its key, which it proves by signing", () =>
    Effect.gen(function*() {
      const key = yield* loggedIn

      const renewed = yield* TokenService.TokenService.use((service) => service.refresh(key))

      assert.strictEqual(renewed.type, "Bearer")
    }).pipe(Effect.provide(app((issuer) => ({
      metadata: {
        ...metadata,
        tokenEndpointAuthMethod: "private_key_jwt",
        tokenEndpointAuthSigningAlg: "ES256",
        jwks: { keys: [publicHalf(jwk)] }
      },
      authenticate: ClientAssertion.fromRegistration({ issuer, key: { jwk: Redacted.make(jwk) } })
    })))))

  it.live("registers nobody without the initial token [7591-3-a]", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Layer.build(app(() => ({ metadata, initialAccessToken: Redacted.make("wrong") })))
      )

      assert.strictEqual(wordsOf(error), "RequestRefused invalid_token")
    }))

  it.live("refuses what it does not support, by the code of the RFC [7591-3.2.2-a]", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(
        app(() => ({ metadata: { ...metadata, idTokenSignedResponseAlg: "XS256" }, initialAccessToken }))
      ))

      assert.strictEqual(wordsOf(error), "RequestRefused invalid_client_metadata")
    }))
})

const initialAccessToken = Redacted.make("initial-token")

const metadata = {
  redirectUris: ["https://app.example/cb"],
  grantTypes: ["authorization_code", "refresh_token"],
  clientName: "App",
  clientUri: "https://app.example"
} as const

const jwk = (() => {
  const { crv = "", d = "", x = "", y = "" } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ format: "jwk" })
  return { kty: "EC", crv, d, x, y, use: "sig", alg: "ES256" }
})()

const publicHalf = ({ d: _, ...key }: typeof jwk) => key

const configuration: Configuration = {
  cookies: { keys: ["interop"] },
  rotateRefreshToken: true,
  issueRefreshToken: () => Promise.resolve(true),
  expiresWithSession: () => Promise.resolve(false),
  clientAuthMethods: ["client_secret_basic", "private_key_jwt"],
  features: {
    introspection: { enabled: true },
    registration: { enabled: true, initialAccessToken: "initial-token" },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true }
  }
}

type Registration = GenericRfc6749.RegistrationOptions["registration"]

const app = (registration: (issuer: string) => Registration = () => ({ metadata })) =>
  Layer.unwrap(
    Effect.map(
      listen((origin) => Promise.resolve(new Provider(origin, configuration).callback())),
      (origin) =>
        OAuthClient.layerWith().pipe(
          Layer.provideMerge(TokenStore.layerMemory),
          Layer.provide(PendingAuthorizations.layerMemory()),
          Layer.provideMerge(
            GenericRfc6749.layerRegisteredLoopback({
              issuer: origin,
              registration: { initialAccessToken, ...registration(origin) }
            })
          ),
          Layer.provide([OAuthHttpClient.layerFetch, RegistrationStore.layerMemory])
        )
    )
  )

const loggedIn = Effect.gen(function*() {
  const login = yield* Login.Login
  const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.example/cb", scopes: ["openid"] })
  return (yield* login.complete((yield* visit(begun.url)).url)).key
})

const tokenOf = ({ management }: Effect.Success<RegisteredClient.RegisteredClient["Service"]["current"]>) =>
  management === undefined ? undefined : Redacted.value(management.token)

const wordsOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag
