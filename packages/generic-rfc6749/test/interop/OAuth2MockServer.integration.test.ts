/** Against `oauth2-mock-server`, over sockets. */
import {
  ClientCredentials,
  Introspection,
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PasswordGrant,
  PendingAuthorizations,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { Events, OAuth2Server } from "oauth2-mock-server"
import { visit } from "./support/browser.ts"

describe("oauth2-mock-server", () => {
  it.live("is found by its issuer, and logs a person in by code and PKCE", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn

      const status = Option.getOrThrow(yield* service.status(key))

      assert.deepStrictEqual([status.state._tag, status.renewable], ["Active", true])
    }).pipe(withClient()))

  it.live("renews", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn

      const renewed = yield* service.refresh(key)

      const status = Option.getOrThrow(yield* service.status(key))
      assert.strictEqual(renewed.type, "Bearer")
      assert.strictEqual(status.serial, 2)
    }).pipe(withClient()))

  it.live("gives tokens of the client's own", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source({ scopes: ["read"] })

      assert.strictEqual((yield* source.token).type, "Bearer")
    }).pipe(withClient()))

  it.live("takes a password", () =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      const tokens = yield* endpoint.request(
        PasswordGrant.make({ username: "ada", password: Redacted.make("lovelace") })
      )

      assert.isDefined(tokens.refreshToken)
    }).pipe(withClient()))

  it.live("revokes and introspects", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const introspection = yield* Introspection.Introspection
      const key = yield* loggedIn
      const { value } = yield* service.token(key)

      const told = yield* introspection.introspect(value)
      const revoked = yield* service.revoke(key)

      assert.deepStrictEqual([told._tag, revoked], ["Active", "done"])
    }).pipe(withClient()))

  it.live("ends a grant by invalid_grant, and by nothing less", () =>
    Effect.gen(function*() {
      const { service: server } = yield* Server
      const service = yield* TokenService.TokenService
      const key = yield* loggedIn
      const answers = [[503, {}], [500, {}], [400, { error: "invalid_grant" }]] as const
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const judged: Array<string> = []

      for (const [status, body] of answers.slice(0, 2)) {
        server.once(Events.BeforeResponse, (response) => Object.assign(response, { statusCode: status, body }))
        const presented = TokenRequest.refreshToken({ refreshToken: Redacted.make("r") })
        judged.push((yield* endpoint.exchange(presented))._tag)
      }
      server.once(Events.BeforeResponse, (response) =>
        Object.assign(response, { statusCode: 400, body: { error: "invalid_grant" } }))
      const error = yield* Effect.flip(service.refresh(key))

      assert.deepStrictEqual(judged, ["NotProcessed", "Ambiguous"])
      assert.strictEqual(reasonOf(error), "ReauthorizationRequired")
    }).pipe(withClient()))

  it.live("is not believed when its metadata names another issuer [8414-3.3-a] [OIDD-4.3-c]", () =>
    Effect.gen(function*() {
      const server = yield* Server
      server.service.once(
        Events.BeforeWellKnownOpenIdConfiguration,
        (response) => Object.assign(response.body, { issuer: "https://evil.example" })
      )
      const http = OAuthHttpClient.layerFetch

      const error = yield* Effect.flip(
        Layer.build(Layer.provide(discovery(server.issuer.url ?? ""), http))
      )

      assert.include(error.message, "issuer-mismatch")
    }).pipe(Effect.provide(serverLayer), Effect.scoped))
})

class Server extends Context.Service<Server, OAuth2Server>()("@effect-oauth/generic-rfc6749/test/interop/MockServer") {}

const serverLayer = Layer.effect(
  Server,
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = new OAuth2Server()
      await server.issuer.keys.generate("ES256")
      await server.start(0, "127.0.0.1")
      return server
    }),
    (server) => Effect.promise(() => server.stop())
  )
)

/** The server lists no method but none, and takes all of them. */
const discovery = (issuer: string) =>
  GenericRfc6749.layerDiscoveryLoopback({
    issuer,
    clientId: "app",
    clientSecret: Redacted.make("s"),
    clientAuthentication: "basic"
  })

const withClient = () => {
  const provider = Layer.unwrap(Effect.map(Server, ({ issuer }) => discovery(issuer.url ?? "")))
  const layer = OAuthClient.layerWith().pipe(
    Layer.provide([PendingAuthorizations.layerMemory(), TokenStore.layerMemory]),
    Layer.provideMerge(provider),
    Layer.provide(OAuthHttpClient.layerFetch),
    Layer.provideMerge(serverLayer)
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}

const loggedIn = Effect.gen(function*() {
  const login = yield* Login.Login
  const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.example/cb", scopes: ["openid"] })
  return (yield* login.complete((yield* visit(begun.url)).url)).key
})

const reasonOf = ({ reason }: OAuthError.OAuthError): string => reason._tag
