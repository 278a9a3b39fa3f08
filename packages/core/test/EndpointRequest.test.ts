import {
  AuthorizationServer,
  ClientAuthentication,
  type EndpointRequest,
  type OAuthClient,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { canary, leaks } from "./support/secrets.ts"
import * as Wire from "./support/Wire.ts"

describe("EndpointRequest", () => {
  describe("encoding", () => {
    it.effect("may be a function, which writes the parameters, credentials included, as a body of another kind", () =>
      Effect.gen(function*() {
        const wire = tokens()

        yield* Effect.provide(
          refresh,
          wire.layer(encodedBy((parameters) => ({ contentType: "text/plain", body: [...parameters.keys()].join(" ") })))
        )

        assert.deepStrictEqual(wire.sent, [{
          method: "POST",
          url: "https://as.test/token",
          headers: { accept: "application/json", "content-type": "text/plain" },
          body: "grant_type refresh_token client_id client_secret"
        }])
      }))

    it.effect("sends nothing where the function throws, and quotes nothing", () =>
      Effect.gen(function*() {
        const wire = tokens()

        const error = yield* Effect.provide(
          Effect.flip(refresh),
          wire.layer(encodedBy((parameters) => {
            throw new Error(parameters.toString())
          }))
        )

        assert.strictEqual(error.reason._tag, "KeyUnavailable")
        assert.deepStrictEqual([wire.sent, leaks(error)], [[], []])
      }))
  })
})

const tokens = () => Wire.make(() => TestHttp.json({ access_token: "a-1", token_type: "Bearer" }))

const encodedBy = (encoding: EndpointRequest.Encode): OAuthClient.Provider =>
  Layer.merge(
    AuthorizationServer.layer(AuthorizationServer.make({
      provider: "test",
      tokenEndpoint: "https://as.test/token",
      dialect: { onRequest: (request) => Effect.succeed({ ...request, encoding }) }
    })),
    ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make(canary) })
  )

const refresh = Effect.flatMap(
  TokenEndpoint.TokenEndpoint,
  (endpoint) => endpoint.request(TokenRequest.refreshToken({ refreshToken: Redacted.make("r-1") }))
)
