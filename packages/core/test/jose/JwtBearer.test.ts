import {
  AssertionGrant,
  AuthorizationServer,
  ClientAuthentication,
  TokenEndpoint,
  TokenRequest,
  type TokenSource
} from "@effect-oauth/core"
import { JwtBearer } from "@effect-oauth/core/jose"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Schema, type Scope } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"

const start = Date.UTC(2030, 0, 1)

describe("JwtBearer", () => {
  it.effect("presents one token of its own, with the grant's type [7521-4.1-a] [7523-2.1-a]", () =>
    opened(Effect.fnUntraced(function*({ key, requests }) {
      const source = yield* JwtBearer.source({ key, issuer: "robot", subject: "ada", scopes: ["read", "write"] })

      yield* source.token

      const { assertion = "", ...others } = requests[0]?.parameters ?? {}
      assert.deepStrictEqual(others, {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        scope: "read write",
        client_id: "app"
      })
      const { jti, ...claims } = jose.decodeJwt(assertion)
      assert.deepStrictEqual(claims, {
        iss: "robot",
        sub: "ada",
        aud: "https://as.test",
        iat: start / 1000,
        exp: start / 1000 + 60
      })
      assert.isString(jti)
      assert.deepStrictEqual(jose.decodeProtectedHeader(assertion), { alg: "ES256", typ: "JWT", kid: "robot-1" })
    })))

  it.effect("asks again with another one when the token is due, and spends nothing", () =>
    opened(Effect.fnUntraced(function*({ key, requests }) {
      const source = yield* JwtBearer.source({ key, issuer: "robot" })
      yield* source.token
      yield* source.token
      assert.lengthOf(requests, 1)
      yield* TestClock.adjust("2 hours")

      yield* source.token

      const [first, second] = requests.map(({ parameters }) => jose.decodeJwt(parameters["assertion"] ?? "").jti)
      assert.lengthOf(requests, 2)
      assert.notStrictEqual(first, second)
    })))

  it.effect("says what else it is told to, to whom it is told to", () =>
    opened(Effect.fnUntraced(function*({ key, requests }) {
      const source = yield* JwtBearer.source({
        key,
        issuer: "robot",
        audience: "https://as.test/token",
        claims: { scope: "a b", iss: "somebody else" },
        parameters: { audience: "api" }
      })

      yield* source.token

      const claims = jose.decodeJwt(requests[0]?.parameters["assertion"] ?? "")
      assert.strictEqual(claims.aud, "https://as.test/token")
      assert.strictEqual(claims["scope"], "a b")
      assert.strictEqual(claims.iss, "robot")
      assert.strictEqual(claims.sub, "robot")
      assert.strictEqual(requests[0]?.parameters["audience"], "api")
    })))

  it.effect("tells that it was not accepted [7521-4.1.1-a] [7523-3.1-a]", () =>
    opened(
      Effect.fnUntraced(function*({ key }) {
        const source = yield* JwtBearer.source({ key, issuer: "robot" })

        const error = yield* Effect.flip(source.token)

        assert.strictEqual(error.reason._tag === "RequestRefused" && String(error.reason.code), "invalid_grant")
      }),
      TestHttp.json({ error: "invalid_grant" }, { status: 400 })
    ))

  it.effect("asks for the scope as given, and tells that it was too much [7521-4.1-b]", () =>
    opened(
      Effect.fnUntraced(function*({ key, requests }) {
        const source = yield* JwtBearer.source({ key, issuer: "robot", scopes: ["everything"] })

        const error = yield* Effect.flip(source.token)

        assert.strictEqual(requests[0]?.parameters["scope"], "everything")
        assert.strictEqual(error.reason._tag === "RequestRefused" && String(error.reason.code), "invalid_scope")
      }),
      TestHttp.json({ error: "invalid_scope" }, { status: 400 })
    ))

  it.effect("refuses options that cannot work, before anything is sent", () =>
    opened(Effect.fnUntraced(function*({ key, requests }) {
      for (const options of [{ lifetime: "2 hours" }, { lifetime: 0 }, { skew: "1 hour" }] as const) {
        const error = yield* Effect.flip(JwtBearer.source({ key, issuer: "robot", ...options }))
        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, Object.keys(options)[0])
      }
      assert.deepStrictEqual(requests, [])
    })))
})

describe("AssertionGrant", () => {
  const assertions: ReadonlyArray<readonly [title: string, options: Partial<AssertionGrant.Options>, field: string]> = [
    ["two tokens [7523-2.1-a]", { assertion: Effect.succeed(Redacted.make("a.b.c,d.e.f")) }, "assertion"],
    ["two tokens side by side [7523-2.1-a]", { assertion: Effect.succeed(Redacted.make("a.b.c a.b.c")) }, "assertion"],
    ["no token", { assertion: Effect.succeed(Redacted.make("")) }, "assertion"],
    ["an encrypted token", { assertion: Effect.succeed(Redacted.make("a.b.c.d.e")) }, "assertion"],
    ["a grant that is no URI [7521-4.1-a]", { grantType: "jwt-bearer" }, "grantType"]
  ]
  for (const [title, options, field] of assertions) {
    it.effect(`does not present ${title}`, () =>
      opened(Effect.fnUntraced(function*({ requests }) {
        const assertion = Effect.succeed(Redacted.make("a.b.c"))

        const error = yield* Effect.flip((yield* AssertionGrant.source({ assertion, ...options })).token)

        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, field)
        assert.deepStrictEqual(requests, [])
      })))
  }

  it.effect("presents an assertion of SAML as it is", () =>
    opened(Effect.fnUntraced(function*({ requests }) {
      const source: TokenSource.TokenSource = yield* AssertionGrant.source({
        grantType: TokenRequest.saml2BearerGrantType,
        assertion: Effect.succeed(Redacted.make("PHNhbWw-"))
      })

      yield* source.token

      assert.strictEqual(requests[0]?.parameters["assertion"], "PHNhbWw-")
      assert.strictEqual(requests[0]?.parameters["grant_type"], "urn:ietf:params:oauth:grant-type:saml2-bearer")
    })))
})

const opened = Effect.fnUntraced(function*<A, E>(
  run: (it: {
    readonly key: { readonly jwk: Redacted.Redacted<Readonly<Record<string, Schema.Json>>> }
    readonly requests: ReadonlyArray<TestHttp.Request>
  }) => Effect.Effect<
    A,
    E,
    AuthorizationServer.AuthorizationServer | TokenEndpoint.TokenEndpoint | Scope.Scope
  >,
  answer: TestHttp.Answer = TestHttp.json({ access_token: "a", token_type: "Bearer", expires_in: 3600 })
) {
  yield* TestClock.setTime(start)
  const jwk = yield* Effect.promise(async () => {
    const { privateKey } = await jose.generateKeyPair("ES256", { extractable: true })
    const jwk: Readonly<Record<string, Schema.Json>> = { ...await jose.exportJWK(privateKey), kid: "robot-1" }
    return jwk
  })
  const requests: Array<TestHttp.Request> = []
  const layer = TokenEndpoint.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(
      AuthorizationServer.layer(AuthorizationServer.make({
        provider: "test",
        issuer: "https://as.test",
        tokenEndpoint: "https://as.test/token"
      })),
      ClientAuthentication.layerNone({ clientId: "app" }),
      TestHttp.layer((request) =>
        Effect.sync(() => {
          requests.push(request)
          return answer
        })
      )
    ))
  )
  return yield* Effect.scoped(Effect.provide(run({ key: { jwk: Redacted.make(jwk) }, requests }), layer))
})
