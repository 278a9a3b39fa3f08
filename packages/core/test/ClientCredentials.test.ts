import { AuthorizationServer, ClientAuthentication, ClientCredentials, TokenEndpoint } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { json, recording } from "./support/http.ts"

describe("ClientCredentials", () => {
  it.effect("asks by the grant of its own, authenticated [6749-4.4.2-a] [6749-4.4.2-b]", () =>
    Effect.gen(function*() {
      const { requests, source } = yield* setting({ scopes: ["a", "b"], parameters: { audience: "https://api.test" } })

      yield* (yield* source).token

      assert.deepStrictEqual(requests.map(({ body, headers }) => [headers["authorization"], body]), [[
        "Basic YXBwOnM=",
        "grant_type=client_credentials&scope=a+b&audience=https%3A%2F%2Fapi.test"
      ]])
    }))

  it.effect("presents no refresh token that came along, but asks again [6749-4.4.3-a]", () =>
    Effect.gen(function*() {
      const { requests, source } = yield* setting()
      const tokens = yield* source

      yield* tokens.token
      yield* TestClock.adjust("2 hours")
      const token = yield* tokens.token

      assert.strictEqual(Redacted.value(token.value), "token-2")
      assert.deepStrictEqual(
        requests.map(({ body }) => new URLSearchParams(body).get("grant_type")),
        ["client_credentials", "client_credentials"]
      )
      assert.notInclude(requests.map(({ body }) => body).join(" "), "refresh-1")
    }))

  it.effect("is for a client that can authenticate [6749-4.4-a] [6749-4.4.2-b] [2.1-4.2-a]", () =>
    Effect.gen(function*() {
      const { requests, source } = yield* setting({}, ClientAuthentication.none({ clientId: "app" }))

      const error = yield* Effect.flip((yield* source).token)

      assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      assert.lengthOf(requests, 0)
    }))

  it.effect("gives each target a token of its own, asked for once", () =>
    Effect.gen(function*() {
      const { requests, source } = yield* setting()
      const other = yield* setting({ parameters: { resource: "https://other.test" } })
      const [one, two] = [yield* source, yield* other.source]

      yield* Effect.all([one.token, one.token, two.token, two.token], { concurrency: "unbounded" })

      assert.lengthOf(requests, 1)
      assert.deepStrictEqual(other.requests.map(({ body }) => new URLSearchParams(body).get("resource")), [
        "https://other.test"
      ])
    }))
})

const setting = Effect.fnUntraced(function*(
  options?: Parameters<typeof ClientCredentials.source>[0],
  authentication = ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s") })
) {
  const wire = recording((_, count) =>
    Effect.succeed(json({
      access_token: `token-${count}`,
      refresh_token: `refresh-${count}`,
      token_type: "Bearer",
      expires_in: 3600
    }))
  )
  const layer = TokenEndpoint.layer.pipe(Layer.provideMerge(Layer.mergeAll(
    wire.layer,
    ClientAuthentication.layer(authentication),
    AuthorizationServer.layer(AuthorizationServer.make({ provider: "acme", tokenEndpoint: "https://as.test/token" }))
  )))
  const context = yield* Layer.build(layer)
  return { requests: wire.requests, source: Effect.provideContext(ClientCredentials.source(options), context) }
})
