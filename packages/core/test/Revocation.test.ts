import { AuthorizationServer, ClientAuthentication, OAuthError, Revocation } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { from, type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("Revocation", () => {
  const secret = Redacted.make("s3cret")
  const sent: Record<string, readonly [ClientAuthentication.Made, Readonly<Record<string, string>>, string]> = {
    none: [ClientAuthentication.none({ clientId: "app" }), {}, "&client_id=app"],
    basic: [
      ClientAuthentication.basic({ clientId: "app", clientSecret: secret }),
      { authorization: "Basic YXBwOnMzY3JldA==" },
      ""
    ],
    post: [
      ClientAuthentication.post({ clientId: "app", clientSecret: secret }),
      {},
      "&client_id=app&client_secret=s3cret"
    ]
  }
  for (const [method, [authentication, headers, credentials]] of Object.entries(sent)) {
    it.effect(`posts the token and its hint, authenticated by ${method} [7009-2.1-a] [7009-2.1-b] [7009-2.1-c]`, () =>
      Effect.gen(function*() {
        const { requests } = yield* revoke({ authentication, hint: "refresh_token" })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/revoke?v=2",
          headers: {
            accept: "application/json",
            "content-type": "application/x-www-form-urlencoded",
            ...headers
          },
          body: `token=t%2B1&token_type_hint=refresh_token${credentials}`
        }])
      }))
  }

  it.effect("authenticates by the method of its endpoint", () =>
    Effect.gen(function*() {
      const authentication = ClientAuthentication.perEndpoint({
        token: ClientAuthentication.basic({ clientId: "app", clientSecret: secret }),
        revocation: ClientAuthentication.none({ clientId: "app" })
      })

      const { requests } = yield* revoke({ authentication })

      assert.strictEqual(requests[0]?.body, "token=t%2B1&client_id=app")
    }))

  const outcomes: Record<string, readonly [() => Response, Revocation.Outcome]> = {
    "200 without a body [7009-2.2-a]": [() => new Response(), "done"],
    "200 with JSON": [() => json({ success: true }), "done"],
    "200 with a page [7009-2.2-a]": [() => new Response("<html>"), "done"],
    "200 with half a body": [() => new Response(broken()), "done"],
    "204": [() => new Response(null, { status: 204 }), "done"],
    "a token that the server calls invalid": [() => json({ error: "invalid_token" }, { status: 400 }), "done"],
    "a grant that the server calls invalid": [() => json({ error: "invalid_grant" }, { status: 400 }), "done"],
    "a type that the server cannot revoke [7009-2-b]": [
      () => json({ error: "unsupported_token_type" }, { status: 400 }),
      "unsupported"
    ]
  }
  for (const [name, [response, expected]] of Object.entries(outcomes)) {
    it.effect(`is ${expected}: ${name}`, () =>
      Effect.gen(function*() {
        const { outcome } = yield* revoke({ handler: () => Effect.sync(response) })

        assert.strictEqual(outcome, expected)
      }))
  }

  it.effect("is unsupported, and asks nobody, where there is no endpoint", () =>
    Effect.gen(function*() {
      const { outcome, requests } = yield* revoke({ server: { revocationEndpoint: undefined } })

      assert.strictEqual(outcome, "unsupported")
      assert.lengthOf(requests, 0)
    }))

  it.effect("sends no token by plain http [7009-2-a]", () =>
    Effect.gen(function*() {
      const http = recording(() => Effect.succeed(new Response()))
      const made = AuthorizationServer.make({ provider: "acme", tokenEndpoint: "https://as.example/token" })
      const server = { ...Result.getOrThrow(made), revocationEndpoint: "http://as.example/revoke" }
      const layer = Revocation.layer.pipe(Layer.provide([
        http.layer,
        ClientAuthentication.layerNone({ clientId: "app" }),
        Layer.succeed(AuthorizationServer.AuthorizationServer, server)
      ]))

      const error = yield* Revocation.Revocation.use((_) => _.revoke(Redacted.make("t"))).pipe(
        Effect.flip,
        Effect.provide(layer)
      )

      assert.include(error.message, "revocationEndpoint: must begin with https://")
      assert.lengthOf(http.requests, 0)
    }))

  it.effect("has one way to ask, which hands the answer to no script [7009-2.3-a]", () =>
    Effect.gen(function*() {
      const { requests } = yield* revoke({})
      const http = recording(() => Effect.never)
      const service = yield* Effect.provide(
        Revocation.make,
        Layer.mergeAll(
          http.layer,
          ClientAuthentication.layerNone({ clientId: "app" }),
          AuthorizationServer.layer(
            AuthorizationServer.make({ provider: "acme", tokenEndpoint: "https://as.example/token" })
          )
        )
      )

      assert.deepStrictEqual(Object.keys(service), ["revoke"])
      assert.deepStrictEqual(requests.map(({ method }) => method), ["POST"])
      assert.notInclude(requests[0]?.body, "callback")
    }))

  const failures: Record<string, readonly [Handler, OAuthError.OAuthErrorReason]> = {
    "503": [
      () => Effect.succeed(new Response("", { status: 503 })),
      new OAuthError.ServerUnavailable({ origin, status: 503 })
    ],
    "invalid_client [7009-2.2.1-b]": [
      () => Effect.succeed(json({ error: "invalid_client" }, { status: 401 })),
      new OAuthError.RequestRefused({ code: "invalid_client" as OAuthError.RequestRefused["code"], status: 401 })
    ],
    "404 with a page": [
      () => Effect.succeed(new Response("<html>", { status: 404 })),
      new OAuthError.AnswerLost({ problem: "status", origin, status: 404 })
    ],
    "500": [
      () => Effect.succeed(new Response("", { status: 500 })),
      new OAuthError.AnswerLost({ problem: "status", origin, status: 500 })
    ],
    "a redirect": [
      () => Effect.succeed(new Response("", { status: 302 })),
      new OAuthError.RedirectRefused({ origin, followed: false, status: 302 })
    ],
    "a redirect that was followed": [
      () => Effect.succeed(from("https://evil.example", new Response())),
      new OAuthError.RedirectRefused({ origin, followed: true, status: 200 })
    ],
    "nobody there": [
      () => Effect.fail(Object.assign(new Error(), { code: "ECONNREFUSED" })),
      new OAuthError.RequestNotSent({ problem: "connect", origin })
    ]
  }
  for (const [name, [handler, reason]] of Object.entries(failures)) {
    it.effect(`fails: ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(revoke({ handler }))

        assert.deepStrictEqual([error.reason._tag, error.reason.message], [reason._tag, reason.message])
      }))
  }

  it.effect("says when to come back [7009-2.2.1-a]", () =>
    Effect.gen(function*() {
      const response = new Response("", { status: 503, headers: { "retry-after": "2" } })

      const { reason } = yield* Effect.flip(revoke({ handler: () => Effect.succeed(response) }))

      assert.deepStrictEqual(reason._tag === "ServerUnavailable" && reason.retryAfter, Duration.seconds(2))
    }))

  it.effect("fails when no answer comes", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.flip(revoke({ handler: () => Effect.never })))
      yield* TestClock.adjust("30 seconds")

      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "AnswerLost")
    }))

  it.effect("keeps token and secret out of strings", () =>
    Effect.gen(function*() {
      const authentication = ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make(canary) })
      const handler: Handler = () => Effect.fail({ message: canary, cause: canary })

      const error = yield* Effect.flip(revoke({ authentication, handler, token: canary }))

      assert.deepStrictEqual(leaks(error), [])
    }))
})

const origin = "https://as.example"

const revoke = (options: {
  readonly handler?: Handler
  readonly authentication?: ClientAuthentication.Made
  readonly server?: Partial<AuthorizationServer.Options>
  readonly token?: string
  readonly hint?: string
}) =>
  Effect.gen(function*() {
    const http = recording(options.handler ?? (() => Effect.succeed(new Response())))
    const server = AuthorizationServer.make({
      provider: "acme",
      tokenEndpoint: "https://as.example/token",
      revocationEndpoint: "https://as.example/revoke?v=2",
      ...options.server
    })
    const layer = Revocation.layer.pipe(
      Layer.provide([
        http.layer,
        ClientAuthentication.layer(options.authentication ?? ClientAuthentication.none({ clientId: "app" })),
        Layer.effect(AuthorizationServer.AuthorizationServer, Effect.fromResult(server))
      ])
    )
    const outcome = yield* Revocation.Revocation.use((revocation) =>
      revocation.revoke(Redacted.make(options.token ?? "t+1"), options.hint)
    ).pipe(Effect.provide(layer))
    return { outcome, requests: http.requests }
  })

const broken = (): ReadableStream => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) })
