import {
  AuthorizationServer,
  ClientAuthentication,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import * as OpenId from "../support/OpenId.ts"

describe("TestSigner", () => {
  it.effect("lets the server in memory issue ID tokens that verify, before and after a rotation", () =>
    Effect.gen(function*() {
      const { exchange, server, signer } = yield* opened()

      yield* Effect.gen(function*() {
        const first = yield* OpenId.verify(yield* exchange, {})
        yield* signer.rotate()
        const second = yield* OpenId.verify(yield* exchange, {})

        assert.strictEqual(first.subject, "user-1")
        assert.strictEqual(second.subject, "user-1")
        const { keys } = yield* signer.jwks
        assert.strictEqual(Array.isArray(keys) && keys.length, 2)
      }).pipe(Effect.provide(verifier(server)))
    }))

  it.effect("breaks the rule that a test wants broken", () =>
    Effect.gen(function*() {
      const { exchange, server } = yield* opened({ claims: (claims) => ({ ...claims, aud: "somebody else" }) })

      const error = yield* Effect.flip(Effect.provide(
        Effect.gen(function*() {
          return yield* OpenId.verify(yield* exchange, {})
        }),
        verifier(server)
      ))

      assert.strictEqual(OpenId.ruleOf(error), "aud")
    }))

  it.effect("is announced by the server's metadata", () =>
    Effect.gen(function*() {
      const { server } = yield* opened()
      const reader = yield* Effect.provide(
        ServerMetadata.make(),
        TestHttp.layerClient(server.httpClient("client"))
      )

      const options = Result.getOrThrow(ServerMetadata.toOptions(yield* reader.get("https://as.test")))

      assert.strictEqual(options.jwksUri, server.description.jwksUri)
      assert.deepStrictEqual(options.idTokenAlgorithms, ["ES256"])
      assert.strictEqual(options.endSessionEndpoint, server.description.endSessionEndpoint)
    }))
})

const opened = Effect.fnUntraced(function*(openid: Partial<TestAuthorizationServer.OpenId> = {}) {
  const signer = yield* TestSigner.make()
  const server = yield* TestAuthorizationServer.make({
    openid: { signer, ...openid },
    passwords: { "user-1": "secret" }
  })
  const request = TestHttp.layerClient(server.httpClient("client"))
  const exchange = Effect.gen(function*() {
    const endpoint = yield* Effect.provide(
      TokenEndpoint.make,
      Layer.merge(request, description(server))
    )
    const parameters = [["username", "user-1"], ["password", "secret"], ["scope", "openid"]] as const
    const tokens = yield* endpoint.request(TokenRequest.extension("password", parameters))
    return Redacted.value(tokens.idToken ?? Redacted.make(""))
  })
  return { signer, server, exchange }
})

const description = (server: TestAuthorizationServer.TestAuthorizationServer["Service"]) =>
  Layer.merge(
    Layer.succeed(AuthorizationServer.AuthorizationServer, server.description),
    Layer.succeed(ClientAuthentication.ClientAuthentication, server.clientAuthentication())
  )

const verifier = (server: TestAuthorizationServer.TestAuthorizationServer["Service"]) =>
  IdToken.layer().pipe(
    Layer.provide(Jwks.layer()),
    Layer.provide([description(server), TestHttp.layerClient(server.httpClient("client"))])
  )
