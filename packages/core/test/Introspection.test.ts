import { AuthorizationServer, ClientAuthentication, Introspection, type OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Redacted, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("Introspection", () => {
  it.effect("posts the token and its hint, authenticated [7662-2.1-a] [7662-2.1-c]", () =>
    Effect.gen(function*() {
      const { requests } = yield* introspect({ hint: "access_token" })

      assert.deepStrictEqual(requests, [{
        method: "POST",
        url: "https://as.example/introspect",
        headers: {
          accept: "application/json",
          authorization: "Basic YXBwOnM=",
          "content-type": "application/x-www-form-urlencoded"
        },
        body: "token=t%2B1&token_type_hint=access_token"
      }])
    }))

  it.effect("gives every member its type [7662-2.2-c]", () =>
    Effect.gen(function*() {
      const body = {
        active: true,
        scope: "a b",
        client_id: "app",
        username: "ada",
        token_type: "Bearer",
        exp: 1893456000,
        iat: 1893452400,
        nbf: 1893452400.5,
        sub: "1",
        aud: "api",
        iss: "https://as.example",
        jti: "j",
        authorization_details: [{ type: "payment" }],
        cnf: { "x5t#S256": "c", jkt: "k", kid: 1 },
        extension: { a: 1 }
      }

      const { introspected } = yield* introspect({ handler: () => Effect.succeed(json(body)) })

      assert.strictEqual(introspected._tag, "Active")
      if (introspected._tag !== "Active") return
      const { members, ...told } = introspected
      assert.deepStrictEqual(told, {
        _tag: "Active",
        scopes: ["a", "b"],
        clientId: "app",
        username: Redacted.make("ada"),
        tokenType: "Bearer",
        expiresAt: DateTime.makeUnsafe("2030-01-01T00:00:00Z"),
        issuedAt: DateTime.makeUnsafe("2029-12-31T23:00:00Z"),
        notBefore: DateTime.makeUnsafe("2029-12-31T23:00:00.500Z"),
        subject: Redacted.make("1"),
        audience: ["api"],
        issuer: "https://as.example",
        tokenId: "j",
        authorizationDetails: Redacted.make([{ type: "payment" }]),
        confirmation: { certificate: "x5t#S256:c", thumbprint: "k" }
      })
      assert.deepStrictEqual(Redacted.value(members), body)
    }))

  it.effect("accepts several audiences", () =>
    Effect.gen(function*() {
      const { introspected } = yield* introspect({
        handler: () => Effect.succeed(json({ active: true, aud: ["a", "b"] }))
      })

      assert.deepStrictEqual(introspected._tag === "Active" && introspected.audience, ["a", "b"])
    }))

  it.effect("believes nothing else of an inactive token [7662-2.2-b]", () =>
    Effect.gen(function*() {
      const { introspected } = yield* introspect({
        handler: () => Effect.succeed(json({ active: false, scope: "x", exp: "never" }))
      })

      assert.deepStrictEqual(introspected, { _tag: "Inactive" })
    }))

  it.effect("holds a token for inactive once it has expired, whatever the server says [7662-4-c]", () =>
    Effect.gen(function*() {
      const handler: Handler = () => Effect.succeed(json({ active: true, exp: 100 }))

      yield* TestClock.setTime(99_999)
      const before = yield* introspect({ handler })
      yield* TestClock.setTime(100_000)
      const after = yield* introspect({ handler })

      assert.deepStrictEqual([before.introspected._tag, after.introspected._tag], ["Active", "Inactive"])
    }))

  it.effect("asks every time [7662-4-b]", () =>
    Effect.gen(function*() {
      const { layer, requests } = setting({})
      const ask = Introspection.Introspection.use((introspection) => introspection.introspect(Redacted.make("t")))

      yield* Effect.provide(Effect.andThen(ask, ask), layer)

      assert.lengthOf(requests, 2)
    }))

  it.effect("gives no answer of yesterday for one that did not come [7662-4-d]", () =>
    Effect.gen(function*() {
      const { layer } = setting({
        handler: (_, count) =>
          Effect.sync(() => count === 1 ? json({ active: true }) : new Response("", { status: 503 }))
      })
      const ask = Introspection.Introspection.use((introspection) => introspection.introspect(Redacted.make("t")))

      const [before, after] = yield* Effect.provide(Effect.all([ask, Effect.flip(ask)]), layer)

      assert.deepStrictEqual([before._tag, after.reason._tag], ["Active", "ServerUnavailable"])
    }))

  it.effect("keeps who the person is out of strings [7662-5-a]", () =>
    Effect.gen(function*() {
      const body = { active: true, sub: canary, username: canary, email: canary }

      const { introspected } = yield* introspect({ handler: () => Effect.succeed(json(body)) })

      assert.deepStrictEqual(leaks(introspected), [])
    }))

  it.effect("asks nobody for a client that proves nothing [7662-2.1-b]", () =>
    Effect.gen(function*() {
      const { layer, requests } = setting({ authentication: ClientAuthentication.none({ clientId: "app" }) })

      const error = yield* Introspection.Introspection.use((_) => _.introspect(Redacted.make("t"))).pipe(
        Effect.flip,
        Effect.provide(layer)
      )

      assert.include(error.message, "clientAuthentication: proves nothing")
      assert.lengthOf(requests, 0)
    }))

  it.effect("shows a token of its own instead of a secret, where that is named [7662-2.1-b]", () =>
    Effect.gen(function*() {
      let read = 0
      const { layer, requests } = setting({
        authentication: ClientAuthentication.perEndpoint({
          token: ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") }),
          introspection: ClientAuthentication.bearer({
            clientId: "app",
            token: Effect.sync(() => Redacted.make(`own${++read}`))
          })
        })
      })
      const ask = Introspection.Introspection.use((introspection) => introspection.introspect(Redacted.make("t")))

      yield* Effect.provide(Effect.andThen(ask, ask), layer)

      assert.deepStrictEqual(
        requests.map(({ body, headers }) => [headers["authorization"], body]),
        [["Bearer own1", "token=t"], ["Bearer own2", "token=t"]]
      )
    }))

  it.effect("sends no token by plain http [7662-2-a]", () =>
    Effect.gen(function*() {
      const { layer, requests } = setting({ insecure: true })

      const error = yield* Introspection.Introspection.use((_) => _.introspect(Redacted.make("t"))).pipe(
        Effect.flip,
        Effect.provide(layer)
      )

      assert.strictEqual(words(error.reason), "ConfigurationInvalid must begin with https:// introspectionEndpoint")
      assert.lengthOf(requests, 0)
    }))

  const failures: Record<string, readonly [() => Response, string]> = {
    "active is missing [7662-2.2-a]": [() => json({}), "ResponseInvalid missing active"],
    "active is text [7662-2.2-a]": [() => json({ active: "true" }), "ResponseInvalid wrong-type active"],
    "active is a number [7662-2.2-a]": [() => json({ active: 1 }), "ResponseInvalid wrong-type active"],
    "active is the prototype's": [
      () => new Response(`{"__proto__":{"active":true}}`, { headers: { "content-type": "application/json" } }),
      "ResponseInvalid missing active"
    ],
    "scope is a list [7662-2.2-c]": [() => json({ active: true, scope: ["a"] }), "ResponseInvalid wrong-type scope"],
    "cnf is text": [() => json({ active: true, cnf: "c" }), "ResponseInvalid wrong-type cnf"],
    "a thumbprint is a number": [() => json({ active: true, cnf: { jkt: 1 } }), "ResponseInvalid wrong-type jkt"],
    "exp is text [7662-2.2-c]": [() => json({ active: true, exp: "1" }), "ResponseInvalid wrong-type exp"],
    "exp is beyond time": [() => json({ active: true, exp: 1e300 }), "ResponseInvalid out-of-range exp"],
    "aud holds a number": [() => json({ active: true, aud: [1] }), "ResponseInvalid wrong-type aud"],
    "a page": [() => new Response("<html>"), "ResponseInvalid content-type"],
    "a list": [() => json([]), "ResponseInvalid not-an-object"],
    "half a text": [
      () => new Response(`{"active":t`, { headers: { "content-type": "application/json" } }),
      "ResponseInvalid not-json"
    ],
    "another 2xx": [() => json({ active: true }, { status: 201 }), "ResponseInvalid status"],
    "401 [7662-2.3-a]": [() => json({ error: "invalid_client" }, { status: 401 }), "RequestRefused"],
    "an error with 200": [() => json({ error: "invalid_client" }), "RequestRefused"],
    "503": [() => new Response("", { status: 503 }), "ServerUnavailable"],
    "500": [() => new Response("", { status: 500 }), "AnswerLost status"],
    "a redirect": [() => new Response("", { status: 302 }), "RedirectRefused"]
  }
  for (const [name, [response, expected]] of Object.entries(failures)) {
    it.effect(`fails: ${name}`, () =>
      Effect.gen(function*() {
        const { reason } = yield* Effect.flip(introspect({ handler: () => Effect.sync(response) }))

        assert.strictEqual(words(reason), expected)
      }))
  }

  it.effect("fails where there is no endpoint", () =>
    Effect.gen(function*() {
      const { reason } = yield* Effect.flip(introspect({ server: { introspectionEndpoint: undefined } }))

      assert.strictEqual(
        reason.message,
        "introspectionEndpoint: is missing; this server has none"
      )
    }))

  it.prop("judges every answer", [Schema.Int, Schema.Json], ([status, body]) =>
    Result.isResult(Introspection.judge({
      origin: "https://as.example",
      status,
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify(body)),
      sentAt: 0
    }, 0)))

  it.effect("keeps token and members out of strings", () =>
    Effect.gen(function*() {
      const { introspected } = yield* introspect({
        token: canary,
        handler: () => Effect.succeed(json({ active: true, email: canary }))
      })
      const error = yield* Effect.flip(introspect({ token: canary, handler: () => Effect.fail({ message: canary }) }))

      assert.deepStrictEqual([introspected, error].flatMap(leaks), [])
    }))
})

interface Setting {
  readonly authentication?: ClientAuthentication.Made
  /** As if somebody had described the server without the constructors. */
  readonly insecure?: true
  readonly handler?: Handler
  readonly server?: Partial<AuthorizationServer.Options>
  readonly token?: string
  readonly hint?: string
}

const setting = ({ authentication, handler, insecure, server }: Setting) => {
  const http = recording(handler ?? (() => Effect.succeed(json({ active: true }))))
  const made = AuthorizationServer.make({
    provider: "acme",
    tokenEndpoint: "https://as.example/token",
    introspectionEndpoint: "https://as.example/introspect",
    ...server
  })
  const layer = Introspection.layer.pipe(
    Layer.provide([
      http.layer,
      ClientAuthentication.layer(
        authentication ?? ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s") })
      ),
      Layer.effect(
        AuthorizationServer.AuthorizationServer,
        Effect.map(Effect.fromResult(made), (server) => ({
          ...server,
          ...(insecure === true ? { introspectionEndpoint: "http://as.example/introspect" } : {})
        }))
      )
    ])
  )
  return { layer, requests: http.requests }
}

const introspect = (options: Setting) =>
  Effect.gen(function*() {
    const { layer, requests } = setting(options)
    const introspected = yield* Introspection.Introspection.use((introspection) =>
      introspection.introspect(Redacted.make(options.token ?? "t+1"), options.hint)
    ).pipe(Effect.provide(layer))
    return { introspected, requests }
  })

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [reason._tag, "problem" in reason ? reason.problem : undefined, "field" in reason ? reason.field : undefined]
    .filter((word) => word !== undefined).join(" ")
