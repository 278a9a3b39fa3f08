/** Nothing is sent to a server whose certificate does not hold. */
import {
  AuthorizationServer,
  ClientAuthentication,
  ClientRegistration,
  DeviceAuthorization,
  Introspection,
  type OAuthError,
  OAuthHttpClient,
  PushedAuthorization,
  Revocation,
  ServerMetadata,
  TokenEndpoint
} from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { listen, openssl, selfSigned } from "./support/sockets.ts"

const clients: Record<string, Layer.Layer<OAuthHttpClient.OAuthHttpClient>> = {
  fetch: OAuthHttpClient.layerFetch,
  undici: OAuthHttpClient.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))
}

describe.skipIf(!openssl)("A server with a certificate of its own making", () => {
  const asks: Record<string, (origin: string) => Effect.Effect<unknown, OAuthError.OAuthError, Services>> = {
    "is asked to revoke nothing [7009-5-a]": () =>
      Revocation.Revocation.use((revocation) => revocation.revoke(Redacted.make("t"))),
    "is told of no token [7662-4-a]": () =>
      Introspection.Introspection.use((introspection) => introspection.introspect(Redacted.make("t"))),
    "gives no metadata [8414-6.1-b] [8414-6.2-a] [OIDD-7.1-a] [OIDD-7.2-a]": (origin) =>
      ServerMetadata.ServerMetadata.use((metadata) => metadata.get(origin)),
    "begins no login on a device": () => DeviceAuthorization.DeviceAuthorization.use((device) => device.start()),
    "registers nobody [7591-5-a]": () =>
      ClientRegistration.ClientRegistration.use((service) => service.register({ grantTypes: ["client_credentials"] })),
    "is shown no registration token [7592-5-b]": (origin) =>
      ClientRegistration.ClientRegistration.use((service) =>
        service.read({
          clientId: "c",
          management: { uri: `${origin}/register/c`, token: Redacted.make("r") },
          metadata: {}
        })
      ),
    "gets no pushed request [9101-8-a]": () =>
      PushedAuthorization.PushedAuthorization.use(({ push }) => push([["state", "s"]]))
  }
  for (const [client, http] of Object.entries(clients)) {
    for (const [name, ask] of Object.entries(asks)) {
      it.live(`${client}: ${name}`, () =>
        Effect.gen(function*() {
          const server = yield* listen(() => assert.fail("spoke"), selfSigned())
          const origin = new URL(server.url.replace("http:", "https:")).origin

          const error = yield* ask(origin).pipe(Effect.flip, Effect.provide(services(origin, http)))

          assert.strictEqual(error.reason._tag === "RequestNotSent" ? error.reason.problem : error.reason._tag, "tls")
          assert.strictEqual(server.requests(), 0)
        }))
    }
  }
})

type Services = Layer.Success<ReturnType<typeof services>>

const services = (origin: string, http: Layer.Layer<OAuthHttpClient.OAuthHttpClient>) =>
  Layer.mergeAll(
    Revocation.layer,
    Introspection.layer,
    PushedAuthorization.layer,
    DeviceAuthorization.layer,
    ClientRegistration.layer
  ).pipe(
    Layer.provide(TokenEndpoint.layer),
    Layer.provideMerge(ServerMetadata.layer),
    Layer.provide([
      http,
      ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s") }),
      AuthorizationServer.layer(AuthorizationServer.make({
        provider: "acme",
        authorizationEndpoint: `${origin}/authorize`,
        tokenEndpoint: `${origin}/token`,
        revocationEndpoint: `${origin}/revoke`,
        introspectionEndpoint: `${origin}/introspect`,
        deviceAuthorizationEndpoint: `${origin}/device`,
        pushedAuthorizationRequestEndpoint: `${origin}/par`,
        registrationEndpoint: `${origin}/register`
      }))
    ])
  )
