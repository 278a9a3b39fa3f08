import {
  AuthorizationServer,
  ClientAuthentication,
  OAuthError,
  TokenEndpoint,
  TokenRequest,
  type TokenResponse
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Redacted, Ref, Result, Tracer } from "effect"
import { HttpClient, type HttpClientRequest, type HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as util from "node:util"
import { from, type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("TokenEndpoint", () => {
  describe("the request", () => {
    it.effect("of a public client names it in the body [6749-3.2-a] [6749-4.1.3-a] [6749-4.1.3-d] [7636-4.5-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          authentication: ClientAuthentication.none({ clientId: "app" }),
          request: TokenRequest.authorizationCode({
            code: Redacted.make("c+/=&"),
            redirectUri: "https://app.example/cb?t=1",
            codeVerifier: Redacted.make("v~")
          })
        })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/token",
          headers: form({}),
          body: "grant_type=authorization_code&code=c%2B%2F%3D%26"
            + "&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ft%3D1&code_verifier=v%7E&client_id=app"
        }])
      }))

    it.effect("of a client with Basic carries the header and nothing of it in the body [6749-6-a] [6749-6-c]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          authentication: ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s3cret") }),
          request: TokenRequest.refreshToken({ refreshToken: Redacted.make("rt"), scope: "a b" })
        })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/token",
          headers: form({ authorization: "Basic YXBwOnMzY3JldA==" }),
          body: "grant_type=refresh_token&refresh_token=rt&scope=a+b"
        }])
      }))

    it.effect("of a client with its secret in the body carries it there [6749-4.4.2-a] [6749-2.3.1-c]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          authentication: ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") }),
          request: TokenRequest.clientCredentials({ scope: "" })
        })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/token",
          headers: form({}),
          body: "grant_type=client_credentials&client_id=app&client_secret=s"
        }])
      }))

    it.effect("encodes as forms do, in UTF-8 [6749-B-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({ request: TokenRequest.extension("urn:x", [["a", " %&+£€"]]) })

        assert.strictEqual(requests[0]?.body, "grant_type=urn%3Ax&a=+%25%26%2B%C2%A3%E2%82%AC&client_id=app")
      }))

    it.effect("leaves the endpoint's query alone [6749-3.2-b]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({ server: { tokenEndpoint: "https://as.example/token?v=2%2f" } })

        assert.strictEqual(requests[0]?.url, "https://as.example/token?v=2%2f")
      }))

    it.effect("presents refresh tokens, and nothing else, at the refresh endpoint", () =>
      Effect.gen(function*() {
        const server = { refreshEndpoint: "https://as.example/refresh" }
        const refreshed = yield* exchange({ server })
        const credentials = yield* exchange({ server, request: TokenRequest.extension("urn:x", []) })

        assert.strictEqual(refreshed.requests[0]?.url, "https://as.example/refresh")
        assert.strictEqual(credentials.requests[0]?.url, "https://as.example/token")
      }))

    it.effect("leaves parameters without a value out [6749-3.2-f]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          request: TokenRequest.extension("urn:x", [["a", ""], ["b", Redacted.make("")]])
        })

        assert.strictEqual(requests[0]?.body, "grant_type=urn%3Ax&client_id=app")
      }))

    it.effect("may name several resources", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          request: TokenRequest.extension("urn:x", [["resource", "https://a.test"], ["resource", "https://b.test"]])
        })

        assert.strictEqual(
          requests[0]?.body,
          "grant_type=urn%3Ax&resource=https%3A%2F%2Fa.test&resource=https%3A%2F%2Fb.test&client_id=app"
        )
      }))

    const refused: Record<string, readonly [Partial<Setting>, string, string]> = {
      "a parameter twice [6749-3.2-e]": [
        { request: TokenRequest.extension("urn:x", [["grant_type", "y"]]) },
        "parameters",
        "must name grant_type once"
      ],
      "two clients [6749-2.3-a]": [
        { request: TokenRequest.extension("urn:x", [["client_id", "y"]]) },
        "parameters",
        "must name client_id once"
      ],
      "a parameter's name with a space [6749-8.2-a]": [
        { request: TokenRequest.extension("urn:x", [["a b", "y"]]) },
        "parameters",
        "holds a name with other than letters, digits, -, . and _"
      ],
      "client credentials of a public client [6749-4.4-a] [6749-4.4.2-b]": [
        { request: TokenRequest.clientCredentials() },
        "clientAuthentication",
        "is that of a public client, which has no tokens of its own (RFC 6749, section 4.4)"
      ],
      "plain http, whoever described the server [6749-3.2-d] [6749-10.8-a]": [
        { unchecked: { tokenEndpoint: "http://as.example/token" } },
        "tokenEndpoint",
        "must begin with https://"
      ],
      "an address that is none": [{ unchecked: { tokenEndpoint: "/token" } }, "tokenEndpoint", "is not an absolute URL"]
    }
    for (const [name, [setting, field, problem]] of Object.entries(refused)) {
      it.effect(`is not sent: ${name}`, () =>
        Effect.gen(function*() {
          const { judgement, requests } = yield* exchange(setting)

          assert.deepStrictEqual(judgement, {
            _tag: "NotSent",
            reason: new OAuthError.ConfigurationInvalid({ field, problem })
          })
          assert.lengthOf(requests, 0)
        }))
    }
  })

  describe("the answer", () => {
    it.effect("is judged by the server's dialect", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchange({
          server: { dialect: { response: { defaultTokenType: "bearer" } } },
          handler: () => Effect.succeed(json({ access_token: "a" }))
        })

        assert.strictEqual(judgement._tag, "Granted")
      }))

    it.effect("is dated from before the request was sent", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(5000)
        const fiber = yield* Effect.forkChild(exchange({
          handler: () => Effect.delay(Effect.succeed(json(tokens)), "3 seconds")
        }))
        yield* TestClock.adjust("3 seconds")
        const { judgement } = yield* Fiber.join(fiber)

        assert.strictEqual(judgement._tag === "Granted" && judgement.tokens.receivedAt, 5000)
      }))

    it.effect("of a redirect is not followed and not believed [6749-10.8-a]", () =>
      Effect.gen(function*() {
        const { judgement, requests } = yield* exchange({
          handler: () => Effect.succeed(json(tokens, { status: 307, headers: { location: "https://evil.example" } }))
        })

        assert.deepStrictEqual(judgement, {
          _tag: "Ambiguous",
          reason: new OAuthError.RedirectRefused({ origin, followed: false, status: 307 })
        })
        assert.lengthOf(requests, 1)
      }))

    it.effect("of a redirect that a browser hides is not believed", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchange({ handler: () => Effect.succeed(Response.error()) })

        assert.deepStrictEqual(judgement, {
          _tag: "Ambiguous",
          reason: new OAuthError.RedirectRefused({ origin, followed: false })
        })
      }))

    for (const url of ["https://evil.example/token", "https://as.example/other", "http://as.example/token"]) {
      it.effect(`that came from ${url} is not believed`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({ handler: () => Effect.succeed(from(url, json(tokens))) })

          assert.deepStrictEqual(judgement, {
            _tag: "Ambiguous",
            reason: new OAuthError.RedirectRefused({ origin, followed: true, status: 200 })
          })
        }))
    }

    it.effect("of more than a megabyte is not read on", () =>
      Effect.gen(function*() {
        const body = endless(64 * 1024)
        const { judgement } = yield* exchange({ handler: () => Effect.succeed(jsonStream(body.stream)) })

        assert.deepStrictEqual(judgement, {
          _tag: "Unusable",
          reason: new OAuthError.ResponseInvalid({ problem: "too-large", status: 200 })
        })
        assert.isAtMost(body.pulled(), 20)
      }))

    for (
      const [what, body, outcome] of [
        ["is what it brings", JSON.stringify(tokens), "Granted"],
        ["has more than it says", JSON.stringify({ ...tokens, more: "x".repeat(1 << 20) }), "too-large"]
      ] as const
    ) {
      it.effect(`that says how long it is and ${what}, of a client that is not fetch`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({
            handler: () =>
              Effect.succeed(
                new Response(body, { headers: { "content-type": "application/json", "content-length": "100" } })
              ),
            decorate: HttpClient.transformResponse(Effect.map(withoutWeb))
          })

          assert.strictEqual(
            judgement._tag === "Unusable" && judgement.reason._tag === "ResponseInvalid"
              ? judgement.reason.problem
              : judgement._tag,
            outcome
          )
        }))
    }

    it.effect("that breaks off is lost", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchange({ handler: () => Effect.succeed(jsonStream(broken())) })

        assert.deepStrictEqual(judgement, lost("truncated", 200))
      }))

    for (const body of [() => endless(64 * 1024).stream, broken]) {
      it.effect(`that says 503 says so without its body (${body === broken ? "broken" : "endless"})`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({
            handler: () => Effect.succeed(new Response(body(), { status: 503, headers: { "retry-after": "7" } }))
          })

          assert.deepStrictEqual(judgement, {
            _tag: "NotProcessed",
            reason: new OAuthError.ServerUnavailable({ origin, status: 503, retryAfter: Duration.seconds(7) })
          })
        }))
    }

    it.effect("may have no body", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchange({ handler: () => Effect.succeed(new Response(null, { status: 204 })) })

        assert.strictEqual(judgement._tag, "Unusable")
      }))
  })

  describe("the time limit", () => {
    const never: Handler = () => Effect.never
    const silent: Handler = () => Effect.succeed(jsonStream(new ReadableStream()))

    for (const [name, handler, status] of [["head", never, undefined], ["body", silent, 200]] as const) {
      it.effect(`ends the wait for the ${name}`, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(exchange({ handler }))
          yield* TestClock.adjust("30 seconds")
          const { judgement } = yield* Fiber.join(fiber)

          assert.deepStrictEqual(judgement, lost("timeout", status))
        }))
    }

    it.effect("is the caller's where there is one", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(exchange({ handler: never, timeLimit: Duration.minutes(2) }))
        yield* TestClock.adjust("119 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 seconds")

        assert.deepStrictEqual((yield* Fiber.join(fiber)).judgement, lost("timeout"))
      }))

    it.effect("counts body and head together, however slowly bytes trickle", () =>
      Effect.gen(function*() {
        const handler: Handler = () => Effect.delay(Effect.succeed(jsonStream(new ReadableStream())), "20 seconds")
        const fiber = yield* Effect.forkChild(exchange({ handler }))
        yield* TestClock.adjust("30 seconds")

        assert.deepStrictEqual((yield* Fiber.join(fiber)).judgement, lost("timeout", 200))
      }))

    it.effect("leaves a status that says enough", () =>
      Effect.gen(function*() {
        const handler: Handler = () => Effect.succeed(new Response(new ReadableStream(), { status: 429 }))
        const fiber = yield* Effect.forkChild(exchange({ handler }))
        yield* TestClock.adjust("30 seconds")

        assert.strictEqual((yield* Fiber.join(fiber)).judgement._tag, "NotProcessed")
      }))

    it.effect("holds where nothing may be interrupted", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Effect.uninterruptible(exchange({ handler: never })))
        yield* TestClock.adjust("30 seconds")

        assert.deepStrictEqual((yield* Fiber.join(fiber)).judgement, lost("timeout"))
      }))

    it.effect("stops the body", () =>
      Effect.gen(function*() {
        let cancelled = false
        const stream = new ReadableStream({ cancel: () => void (cancelled = true) })
        const fiber = yield* Effect.forkChild(exchange({ handler: () => Effect.succeed(jsonStream(stream)) }))
        yield* TestClock.adjust("30 seconds")
        yield* Fiber.join(fiber)

        assert.isTrue(cancelled)
      }))
  })

  describe("a failure of the HTTP client", () => {
    const failure = (properties: object) => Object.assign(new Error("boom"), properties)
    const fetchFailed = (cause: unknown) => new TypeError("fetch failed", { cause })
    const connect = (code: string) => failure({ code, syscall: "connect" })
    const notSent: ReadonlyArray<readonly [string, unknown, OAuthError.RequestNotSent["problem"]]> = [
      ["ENOTFOUND", fetchFailed(failure({ code: "ENOTFOUND", syscall: "getaddrinfo" })), "dns"],
      ["EAI_AGAIN", fetchFailed(failure({ code: "EAI_AGAIN", syscall: "getaddrinfo" })), "dns"],
      ["ECONNREFUSED", fetchFailed(connect("ECONNREFUSED")), "connect"],
      ["ECONNREFUSED, not wrapped", connect("ECONNREFUSED"), "connect"],
      ["EHOSTUNREACH", fetchFailed(connect("EHOSTUNREACH")), "connect"],
      ["ENETUNREACH", fetchFailed(connect("ENETUNREACH")), "connect"],
      ["ETIMEDOUT while connecting", fetchFailed(connect("ETIMEDOUT")), "connect"],
      ["UND_ERR_CONNECT_TIMEOUT", fetchFailed(failure({ code: "UND_ERR_CONNECT_TIMEOUT" })), "connect"],
      [
        "every address refused",
        fetchFailed(
          Object.assign(new AggregateError([connect("ECONNREFUSED"), connect("ETIMEDOUT")]), { code: "ECONNREFUSED" })
        ),
        "connect"
      ],
      ["CERT_HAS_EXPIRED", fetchFailed(failure({ code: "CERT_HAS_EXPIRED" })), "tls"],
      ["DEPTH_ZERO_SELF_SIGNED_CERT", fetchFailed(failure({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" })), "tls"],
      ["SELF_SIGNED_CERT_IN_CHAIN", fetchFailed(failure({ code: "SELF_SIGNED_CERT_IN_CHAIN" })), "tls"],
      ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", fetchFailed(failure({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" })), "tls"],
      ["ERR_TLS_CERT_ALTNAME_INVALID", fetchFailed(failure({ code: "ERR_TLS_CERT_ALTNAME_INVALID" })), "tls"],
      ["a certificate of the client's that is refused", failure({ code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" }), "tls"],
      [
        "a certificate of the client's that is missed",
        failure({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }),
        "tls"
      ],
      ["no common TLS", failure({ code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" }), "tls"],
      ["ERR_SSL_WRONG_VERSION_NUMBER", fetchFailed(failure({ code: "ERR_SSL_WRONG_VERSION_NUMBER" })), "tls"]
    ]
    for (const [name, cause, problem] of notSent) {
      it.effect(`means that nothing was sent: ${name} (${problem})`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({ handler: () => Effect.fail(cause) })

          assert.deepStrictEqual(judgement, {
            _tag: "NotSent",
            reason: new OAuthError.RequestNotSent({ problem, origin })
          })
        }))
    }

    const selfReferring = failure({})
    selfReferring.cause = selfReferring
    const ambiguous: ReadonlyArray<readonly [string, unknown, OAuthError.AnswerLost["problem"]]> = [
      ["ECONNRESET", fetchFailed(failure({ code: "ECONNRESET", syscall: "read" })), "reset"],
      ["EPIPE", fetchFailed(failure({ code: "EPIPE", syscall: "write" })), "reset"],
      ["UND_ERR_SOCKET", fetchFailed(failure({ code: "UND_ERR_SOCKET" })), "reset"],
      ["ETIMEDOUT while reading", fetchFailed(failure({ code: "ETIMEDOUT", syscall: "read" })), "timeout"],
      ["EHOSTUNREACH while reading", fetchFailed(failure({ code: "EHOSTUNREACH", syscall: "read" })), "transport"],
      ["UND_ERR_HEADERS_TIMEOUT", fetchFailed(failure({ code: "UND_ERR_HEADERS_TIMEOUT" })), "timeout"],
      [
        "one address that may have been reached",
        fetchFailed(
          new AggregateError([connect("ECONNREFUSED"), failure({ code: "ECONNRESET", syscall: "read" })])
        ),
        "transport"
      ],
      ["no code", fetchFailed(failure({})), "transport"],
      ["no cause", new TypeError("Failed to fetch"), "transport"],
      ["a code that is no text", failure({ code: 7 }), "transport"],
      ["text", "boom", "transport"],
      ["nothing", undefined, "transport"],
      ["a cause of itself", selfReferring, "transport"]
    ]
    for (const [name, cause, problem] of ambiguous) {
      it.effect(`leaves it open whether something was sent: ${name}`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({ handler: () => Effect.fail(cause) })

          assert.deepStrictEqual(judgement, lost(problem))
        }))
    }

    for (const code of ["ERR_INVALID_CHAR", "UND_ERR_INVALID_ARG"]) {
      it.effect(`that is the request's own fault is a matter of configuration: ${code}`, () =>
        Effect.gen(function*() {
          const { judgement } = yield* exchange({ handler: () => Effect.fail(failure({ code })) })

          assert.strictEqual(judgement._tag, "NotSent")
          assert.strictEqual(judgement._tag === "NotSent" && judgement.reason._tag, "ConfigurationInvalid")
        }))
    }

    it.effect("that is a defect leaves it open", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchange({ handler: () => Effect.die(new Error(canary)) })

        assert.deepStrictEqual(judgement, lost("transport"))
      }))

    it.effect("is never retried", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({ handler: () => Effect.fail(connect("ECONNREFUSED")) })

        assert.lengthOf(requests, 1)
      }))
  })

  describe("client credentials", () => {
    const rotating = (...secrets: ReadonlyArray<string>) =>
      Effect.map(Ref.make(secrets), (ref) =>
        ClientAuthentication.post({
          clientId: "app",
          clientSecret: Ref.modify(ref, ([head = "", ...tail]) => [Redacted.make(head), tail.length ? tail : [head]])
        }))
    const only = (secret: string): Handler => (request) =>
      Effect.succeed(
        request.body.endsWith(`client_secret=${secret}`)
          ? json(tokens)
          : json({ error: "invalid_client" }, { status: 401 })
      )

    it.effect("that are refused are read again, and used if they are others", () =>
      Effect.gen(function*() {
        const authentication = yield* rotating("old", "new")
        const { judgement, requests } = yield* exchange({ authentication, handler: only("new") })

        assert.strictEqual(judgement._tag, "Granted")
        assert.lengthOf(requests, 2)
      }))

    it.effect("that are refused and still the same are not sent again", () =>
      Effect.gen(function*() {
        const authentication = yield* rotating("old")
        const { judgement, requests } = yield* exchange({ authentication, handler: only("new") })

        assert.strictEqual(judgement._tag === "Refused" && String(judgement.reason.code), "invalid_client")
        assert.lengthOf(requests, 1)
      }))

    it.effect("are read again once", () =>
      Effect.gen(function*() {
        const authentication = yield* rotating("a", "b", "c")
        const { judgement, requests } = yield* exchange({ authentication, handler: only("c") })

        assert.strictEqual(judgement._tag, "Refused")
        assert.lengthOf(requests, 2)
      }))

    it.effect("are not sent again when the answer was lost", () =>
      Effect.gen(function*() {
        const authentication = yield* rotating("old", "new")
        const { requests } = yield* exchange({ authentication, handler: () => Effect.fail(undefined) })

        assert.lengthOf(requests, 1)
      }))

    it.effect("that take nearly all of the time leave what is presented as much for its answer [I6]", () =>
      Effect.gen(function*() {
        const authentication = ClientAuthentication.basic({
          clientId: "app",
          clientSecret: Effect.delay(Effect.succeed(Redacted.make("secret")), "29.9 seconds")
        })
        const handler: Handler = () => Effect.delay(Effect.sync(() => json(tokens)), "29 seconds")
        const fiber = yield* Effect.forkChild(exchange({ authentication, handler }))
        yield* TestClock.adjust("1 minute")

        assert.strictEqual((yield* Fiber.join(fiber)).judgement._tag, "Granted")
      }))

    it.effect("are not sent again when the time is over", () =>
      Effect.gen(function*() {
        const secrets = ["old", "new"]
        const authentication = ClientAuthentication.post({
          clientId: "app",
          clientSecret: Effect.suspend(() => {
            const secret = Effect.succeed(Redacted.make(secrets.shift() ?? ""))
            return secrets.length === 0 ? secret : Effect.delay(secret, "1 second")
          })
        })
        const handler: Handler = (...sent) => Effect.delay(Effect.suspend(() => only("new")(...sent)), "29.5 seconds")
        const fiber = yield* Effect.forkChild(exchange({ authentication, handler }))
        yield* TestClock.adjust("2 minutes")
        const { judgement, requests } = yield* Fiber.join(fiber)

        assert.strictEqual(judgement._tag, "Refused")
        assert.lengthOf(requests, 1)
      }))

    const unavailable = new OAuthError.KeyUnavailable({ use: "client-authentication" })
    const failures: ReadonlyArray<readonly [string, Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>]> = [
      ["fail", Effect.fail(OAuthError.make("X", "x", new OAuthError.StoreUnavailable({ store: "x", problem: "x" })))],
      ["throw", Effect.die(new Error(canary))],
      ["do not come", Effect.never]
    ]
    it.effect("that a hook never finishes writing mean that nothing was sent", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(exchange({ server: { dialect: { onRequest: () => Effect.never } } }))
        yield* TestClock.adjust("30 seconds")
        const { judgement, requests } = yield* Fiber.join(fiber)

        assert.deepStrictEqual(judgement, { _tag: "NotSent", reason: unavailable })
        assert.lengthOf(requests, 0)
      }))

    for (const [name, clientSecret] of failures) {
      it.effect(`that ${name} mean that nothing was sent`, () =>
        Effect.gen(function*() {
          const authentication = ClientAuthentication.basic({ clientId: "app", clientSecret })
          const fiber = yield* Effect.forkChild(exchange({ authentication }))
          yield* TestClock.adjust("30 seconds")
          const { judgement, requests } = yield* Fiber.join(fiber)

          assert.deepStrictEqual(judgement, { _tag: "NotSent", reason: unavailable })
          assert.lengthOf(requests, 0)
        }))
    }
  })

  describe("request", () => {
    it.effect("succeeds with the tokens", () =>
      Effect.gen(function*() {
        const { layer } = setting({})

        const { accessToken } = yield* Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)

        assert.strictEqual(Redacted.value(accessToken), "at")
      }))

    it.effect("fails with the reason of any other judgement [7636-4.6-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting({
          handler: () => Effect.succeed(json({ error: "invalid_grant" }, { status: 400 }))
        })

        const error = yield* Effect.flip(
          Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)
        )

        assert.strictEqual(
          error.message,
          `TokenEndpoint.request: The server refused the request with "invalid_grant" (status 400)`
        )
        assert.lengthOf(requests, 1)
      }))
  })

  describe("secrets", () => {
    const authentication = ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make(canary) })
    const request = TokenRequest.refreshToken({
      refreshToken: Redacted.make(canary),
      parameters: [["password", Redacted.make(canary)]]
    })
    const quoting = Object.assign(new TypeError(`Invalid header ${canary}`, { cause: new Error(canary) }), { canary })
    const handlers: Record<string, Handler> = {
      granted: () => Effect.succeed(json({ access_token: canary, refresh_token: canary, token_type: "bearer" })),
      unusable: () => Effect.succeed(json({ access_token: canary, refresh_token: canary })),
      refused: () => Effect.succeed(json({ error: "invalid_grant", token: canary }, { status: 400 })),
      unavailable: () => Effect.succeed(json({ token: canary }, { status: 503 })),
      page: () => Effect.succeed(new Response(canary)),
      redirect: () => Effect.succeed(json({}, { status: 302, headers: { location: `https://x/?token=${canary}` } })),
      followed: () => Effect.succeed(from(`https://evil.example/?token=${canary}`, json({}))),
      failure: () => Effect.fail(quoting),
      defect: () => Effect.die(quoting)
    }
    for (const [name, handler] of Object.entries(handlers)) {
      it.effect(`stay out of judgement, error and spans: ${name} [6749-10.1-a] [6749-10.3-a]`, () =>
        Effect.gen(function*() {
          const spans: Array<Tracer.Span> = []
          const { layer } = setting({ authentication, handler })
          const traced = Effect.provideService(Tracer.Tracer, tracer(spans))

          const judgement = yield* TokenEndpoint.TokenEndpoint.use((_) => _.exchange(request)).pipe(
            Effect.provide(layer),
            traced
          )
          const error = yield* TokenEndpoint.TokenEndpoint.use((_) => _.request(request)).pipe(
            Effect.provide(layer),
            traced,
            Effect.catch(Effect.succeed)
          )

          assert.deepStrictEqual([judgement, error].flatMap(leaks), [])
          assert.notInclude(util.inspect(spans, { depth: Infinity }), canary)
          assert.deepStrictEqual(spans.map((span) => span.name), ["TokenEndpoint.exchange", "TokenEndpoint.exchange"])
        }))
    }

    it.effect("stay out of what an application's client prints of requests", () =>
      Effect.gen(function*() {
        const printed: Array<string> = []
        const print = (request: HttpClientRequest.HttpClientRequest) =>
          Effect.sync(() => printed.push(JSON.stringify(request), util.inspect(request, { depth: Infinity })))
        const credentials = {
          method: "test",
          headers: { dpop: Redacted.make(canary), Authorization: Redacted.make(canary) },
          parameters: [["client_secret", Redacted.make(canary)]] as const
        }
        const { layer, requests } = setting({
          authentication: Result.succeed({ clientId: "app", credentials: () => Effect.succeed(credentials) }),
          decorate: HttpClient.tapRequest(print)
        })

        yield* Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.exchange(request)), layer)

        assert.include(JSON.stringify(requests), canary)
        assert.lengthOf(printed, 2)
        assert.notInclude(printed.join(), canary)
      }))
  })

  it.effect("sends no trace headers to a third party", () =>
    Effect.gen(function*() {
      const { layer, requests } = setting({})

      yield* TokenEndpoint.TokenEndpoint.use((_) => _.exchange(refresh)).pipe(
        Effect.provide(layer),
        Effect.withSpan("outer"),
        Effect.provideService(Tracer.Tracer, tracer([]))
      )

      assert.deepStrictEqual(requests[0]?.headers, form({}))
    }))
})

interface Setting {
  readonly handler: Handler
  readonly authentication: ClientAuthentication.Made
  readonly server: Partial<AuthorizationServer.Options>
  readonly unchecked: Partial<AuthorizationServer.AuthorizationServer["Service"]>
  readonly request: TokenRequest.TokenRequest
  readonly timeLimit: Duration.Duration
  readonly decorate: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

const origin = "https://as.example"

const tokens = { access_token: "at", token_type: "Bearer", expires_in: 3600, refresh_token: "rt-2" }

const refresh = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })

const setting = ({ authentication, decorate, handler, server, unchecked }: Partial<Setting>) => {
  const http = recording(handler ?? (() => Effect.succeed(json(tokens))), decorate)
  const description = AuthorizationServer.make({
    provider: "acme",
    tokenEndpoint: "https://as.example/token",
    ...server
  })
  const layer = TokenEndpoint.layer.pipe(
    Layer.provide([
      http.layer,
      ClientAuthentication.layer(authentication ?? ClientAuthentication.none({ clientId: "app" })),
      Layer.succeed(AuthorizationServer.AuthorizationServer, { ...Result.getOrThrow(description), ...unchecked })
    ])
  )
  return { ...http, layer }
}

const exchange = (options: Partial<Setting>) =>
  Effect.gen(function*() {
    const { layer, requests } = setting(options)
    const { request = refresh, timeLimit } = options
    const judgement = yield* TokenEndpoint.TokenEndpoint.use((_) => _.exchange(request, { timeLimit })).pipe(
      Effect.provide(layer)
    )
    return { judgement, requests }
  })

const form = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  accept: "application/json",
  "content-type": "application/x-www-form-urlencoded",
  ...headers
})

const lost = (problem: OAuthError.AnswerLost["problem"], status?: number): TokenResponse.Judgement => ({
  _tag: "Ambiguous",
  reason: new OAuthError.AnswerLost({ problem, origin, ...(status === undefined ? {} : { status }) })
})

// as a client has it whose answers do not come from `fetch`
const withoutWeb = (response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse =>
  new Proxy(response, {
    get: (target, name) => String(name).endsWith("/WebSource") ? undefined : Reflect.get(target, name, target)
  })

const jsonStream = (body: ReadableStream): Response =>
  new Response(body, { headers: { "content-type": "application/json" } })

const endless = (size: number) => {
  let pulled = 0
  const stream = new ReadableStream({
    pull: (controller) => {
      pulled++
      controller.enqueue(new Uint8Array(size).fill(32))
    }
  })
  return { stream, pulled: () => pulled }
}

const broken = (): ReadableStream =>
  new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new TextEncoder().encode("{\"access_token\":"))
      controller.error(Object.assign(new Error("terminated"), { code: "UND_ERR_SOCKET" }))
    }
  })

const tracer = (spans: Array<Tracer.Span>): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
