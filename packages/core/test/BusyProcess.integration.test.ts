/** A process that does something else when the time of a request is over. */
import {
  AuthorizationServer,
  ClientAuthentication,
  OAuthHttpClient,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { patientServer } from "./support/patientServer.ts"

const clients: Record<string, Layer.Layer<OAuthHttpClient.OAuthHttpClient>> = {
  fetch: OAuthHttpClient.layerFetch,
  undici: OAuthHttpClient.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))
}

// one after the other: each holds up everything else in this process
describe("A busy process", { concurrent: false }, () => {
  for (const [name, client] of Object.entries(clients)) {
    it.live(`takes an answer that lies there when it notices that its time is over (${name})`, () =>
      Effect.gen(function*() {
        const server = yield* patientServer
        const exchange = yield* Effect.forkChild(verdict(client, server.url))
        while (!server.hasRequest()) yield* Effect.sleep("5 millis")
        // out of the callback of a timer: after that, answers would come first
        yield* Effect.yieldNow

        server.answer(1_050)

        assert.strictEqual(yield* Fiber.join(exchange), "Granted")
      }))
  }
})

const verdict = (client: Layer.Layer<OAuthHttpClient.OAuthHttpClient>, tokenEndpoint: string) => {
  const server = Effect.fromResult(AuthorizationServer.makeLoopback({ provider: "acme", tokenEndpoint }))
  const layer = TokenEndpoint.layer.pipe(
    Layer.provide([
      client,
      ClientAuthentication.layerNone({ clientId: "app" }),
      Layer.effect(AuthorizationServer.AuthorizationServer, server)
    ])
  )
  const request = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })
  return TokenEndpoint.TokenEndpoint.use((endpoint) => endpoint.exchange(request, { timeLimit: Duration.seconds(1) }))
    .pipe(
      Effect.provide(layer),
      Effect.map(({ _tag }) => _tag)
    )
}
