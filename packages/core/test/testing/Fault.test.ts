import { RotationPolicy, TokenEndpoint, TokenRequest, type TokenResponse } from "@effect-oauth/core"
import { Fault, type Ledger, TestAuthorizationServer, TestClient, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Layer, Redacted, Stream } from "effect"
import { HttpClientRequest, type HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

type Server = TestAuthorizationServer.TestAuthorizationServer["Service"]

describe("Fault", () => {
  for (
    const [fault, code] of [
      [Fault.dns, "ENOTFOUND"],
      [Fault.connectionRefused, "ECONNREFUSED"],
      [Fault.tls, "CERT_HAS_EXPIRED"]
    ] as const
  ) {
    it.effect(`${fault.name}: fails with ${code}, and nothing is presented`, () =>
      Effect.gen(function*() {
        const { server, token } = yield* serverWith(fault)

        const error = yield* Effect.flip(renew(server, token))

        assert.strictEqual(error.reason._tag, "TransportError")
        assert.propertyVal(error.cause, "code", code)
        assert.deepStrictEqual(yield* kinds(server), ["unanswered"])
        assert.isTrue(yield* server.isLive(token))
      }))
  }

  it.effect("connect time-out: fails when its time is over, and nothing is presented", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.connectTimeout("10 seconds"))

      const fiber = yield* Effect.forkChild(Effect.flip(renew(server, token)))
      yield* TestClock.adjust("10 seconds")

      assert.propertyVal((yield* Fiber.join(fiber)).cause, "code", "UND_ERR_CONNECT_TIMEOUT")
      assert.deepStrictEqual(yield* kinds(server), ["unanswered"])
    }))

  it.effect("a request lost by a reset leaves the token as it was", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.requestLost("reset"))

      const error = yield* Effect.flip(renew(server, token))

      assert.propertyVal(error.cause, "code", "ECONNRESET")
      assert.deepStrictEqual(yield* kinds(server), ["presented", "unanswered"])
      assert.isTrue(yield* server.isLive(token))
    }))

  it.effect("a request lost in silence is given up by the client", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.requestLost("silence"))

      const fiber = yield* Effect.forkChild(renew(server, token))
      yield* TestClock.adjust("1 day")
      yield* Fiber.interrupt(fiber)

      assert.deepStrictEqual(yield* kinds(server), ["presented", "abandoned"])
      assert.isTrue(yield* server.isLive(token))
    }))

  it.effect("an answer lost by a reset leaves the token spent and its successor unknown to the client", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.answerLost("reset"))

      const error = yield* Effect.flip(renew(server, token))

      assert.propertyVal(error.cause, "code", "ECONNRESET")
      assert.deepStrictEqual(yield* kinds(server), ["presented", "issued", "issued", "rotated", "unanswered"])
      assert.isFalse(yield* server.isLive(token))
    }))

  it.effect("an answer lost in silence is given up by the client", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.answerLost("silence"))

      const fiber = yield* Effect.forkChild(renew(server, token))
      yield* TestClock.adjust("1 day")
      yield* Fiber.interrupt(fiber)

      assert.deepStrictEqual(yield* kinds(server), ["presented", "issued", "issued", "rotated", "abandoned"])
    }))

  it.effect("a truncated answer breaks off in its body", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.answerLost("truncated"))
      const response = yield* renew(server, token)

      const received: Array<Uint8Array> = []
      const error = yield* Effect.flip(
        Stream.runForEach(response.stream, (chunk) => Effect.sync(() => received.push(chunk)))
      )

      assert.strictEqual(response.status, 200)
      assert.isAbove(received.length, 0)
      assert.propertyVal(error.cause, "code", "UND_ERR_SOCKET")
      assert.propertyVal((yield* Effect.flip(response.text)).cause, "code", "UND_ERR_SOCKET")
      assert.notInclude(yield* kinds(server), "received")
    }))

  it.effect("a stalled answer never ends", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.answerLost("stalled"))
      const response = yield* renew(server, token)

      const fiber = yield* Effect.forkChild(Stream.runDrain(response.stream))
      yield* TestClock.adjust("1 day")

      assert.isUndefined(fiber.pollUnsafe())
    }))

  it.effect("a slow request is processed late, a slow answer arrives late", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.slow({ request: "2 seconds", answer: "3 seconds" }))

      const fiber = yield* Effect.forkChild(renew(server, token))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(fiber)

      assert.deepStrictEqual((yield* tale(server)).map(({ at, kind }) => [at, kind]), [
        [0, "presented"],
        [2000, "issued"],
        [2000, "issued"],
        [2000, "rotated"],
        [5000, "received"],
        [5000, "answered"]
      ])
    }))

  it.effect("the server processes what a client gave up waiting for", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.slow({ request: "30 seconds" }))

      const fiber = yield* Effect.forkChild(renew(server, token))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(fiber)
      assert.isTrue(yield* server.isLive(token))
      yield* TestClock.adjust("20 seconds")

      assert.isFalse(yield* server.isLive(token))
      assert.deepStrictEqual(yield* kinds(server), ["presented", "abandoned", "issued", "issued", "rotated"])
    }))

  it.effect("any fault may take its time", () =>
    Effect.gen(function*() {
      const fault = Fault.slowly(Fault.answerLost("reset"), { answer: "4 seconds" })
      const { server, token } = yield* serverWith(fault)

      const fiber = yield* Effect.forkChild(Effect.exit(renew(server, token)))
      yield* TestClock.adjust("3999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")

      assert.isTrue(Exit.isFailure(yield* Fiber.join(fiber)))
    }))

  for (
    const [fault, status, spent] of [
      [Fault.serverError("unprocessed"), 500, false],
      [Fault.serverError("processed", 502), 502, true],
      [Fault.page("unprocessed"), 200, false],
      [Fault.page("processed", 504), 504, true],
      [Fault.notJson("processed"), 200, true],
      [Fault.unavailable({ retryAfter: "120" }), 503, false],
      [Fault.unavailable({ status: 429 }), 429, false],
      [Fault.refusal("invalid_grant"), 400, false],
      [Fault.refusal("bad_verification_code", 200), 200, false],
      [Fault.redirect("https://elsewhere.test/token"), 307, false]
    ] as const
  ) {
    it.effect(`${fault.name}: answers ${status} and ${spent ? "spends the token" : "leaves the token"}`, () =>
      Effect.gen(function*() {
        const { server, token } = yield* serverWith(fault)

        const response = yield* renew(server, token)

        assert.strictEqual(response.status, status)
        assert.strictEqual(yield* server.isLive(token), !spent)
        assert.notInclude(yield* kinds(server), "received")
      }))
  }

  it.effect("an answer without its token type still carries the pair", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.without("token_type"))

      const response = yield* renew(server, token)

      assert.hasAllKeys(yield* response.json, ["access_token", "expires_in", "scope", "refresh_token", "id_token"])
      assert.include(yield* kinds(server), "received")
    }))

  it.effect("an answer about somebody else carries another subject", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.otherSubject("eve"))

      const body = yield* (yield* renew(server, token)).text

      const [, claims = ""] = JSON.parse(body).id_token.split(".")
      assert.propertyVal(JSON.parse(Buffer.from(claims, "base64url").toString()), "sub", "eve")
    }))

  it.effect("a duplicated request is processed twice, and the client sees the second answer", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.duplicated())

      const response = yield* renew(server, token)

      assert.strictEqual(response.status, 400)
      assert.isTrue((yield* server.families)[0]?.revoked)
    }))

  it.effect("a duplicate may come later, when the client has seen the first answer", () =>
    Effect.gen(function*() {
      const rotation = RotationPolicy.rotating({ window: { duration: "10 seconds", idempotent: true } })
      const { server, token } = yield* serverWith(Fault.duplicated({ after: "5 seconds", answer: "first" }), rotation)

      const response = yield* renew(server, token)
      yield* TestClock.adjust("5 seconds")

      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual((yield* tale(server)).map(({ at, kind }) => [at, kind]).slice(-3), [
        [0, "received"],
        [0, "answered"],
        [5000, "replayed"]
      ])
    }))

  it.effect("faults are met in order, and undefined lets one exchange pass", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith([Fault.serverError("unprocessed"), undefined, Fault.dns])

      const first = yield* renew(server, token)
      const second = yield* renew(server, token)
      const third = yield* Effect.exit(renew(server, token))

      assert.deepStrictEqual([first.status, second.status, Exit.isFailure(third)], [500, 200, true])
    }))

  it.effect("a fault in line waits for its endpoint", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith([])
      yield* server.inject(Fault.serverError("unprocessed"), { endpoint: "api" })

      assert.strictEqual((yield* renew(server, token)).status, 200)
      assert.strictEqual((yield* server.httpClient("test").get("https://api.test/")).status, 500)
    }))

  it.effect("a rule decides where no fault is in line", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith(Fault.unavailable())
      yield* server.injectBy(({ by, endpoint }) =>
        endpoint === "token" && by === "test" ? Fault.serverError("unprocessed") : undefined
      )

      assert.strictEqual((yield* renew(server, token)).status, 503)
      assert.strictEqual((yield* renew(server, token)).status, 500)
      assert.strictEqual((yield* server.httpClient("other").get("https://as.test/nothing")).status, 404)
    }))

  it.effect("an answer may say that it came from elsewhere", () =>
    Effect.gen(function*() {
      const answer = { ...TestHttp.json({}), url: "https://elsewhere.test/token" }
      const { server, token } = yield* serverWith(Fault.respond(answer))

      assert.strictEqual((yield* renew(server, token)).url, "https://elsewhere.test/token")
    }))

  it.effect("nothing waits for anything but the clock", () =>
    Effect.gen(function*() {
      const { server, token } = yield* serverWith([])

      // run to its end without a scheduler: any promise would make this throw
      const exit = Effect.runSyncExit(Effect.flatMap(renew(server, token), (response) => response.json))

      assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
    }))

  describe("as TokenEndpoint sees it", () => {
    for (const [fault, judgement] of faults()) {
      it.effect(`${fault.name}: ${judgement}`, () =>
        Effect.gen(function*() {
          const server = yield* TestAuthorizationServer.TestAuthorizationServer
          const endpoint = yield* TokenEndpoint.TokenEndpoint
          const { refreshToken } = yield* server.issue({ scopes: ["openid"] })
          yield* server.inject(fault)

          const fiber = yield* Effect.forkChild(
            endpoint.exchange(
              TokenRequest.refreshToken({ refreshToken: refreshToken ?? Redacted.make("none") }),
              { timeLimit: Duration.seconds(30) }
            )
          )
          yield* TestClock.adjust("30 seconds")

          assert.strictEqual(named(yield* Fiber.join(fiber)), judgement)
        }).pipe(Effect.provide(endpointLayer)))
    }
  })
})

const serverWith = Effect.fnUntraced(
  function*(
    faults: Fault.Fault | ReadonlyArray<Fault.Fault | undefined>,
    rotation?: RotationPolicy.RotationPolicy
  ) {
    const server = yield* TestAuthorizationServer.make({ rotation, clients: [TestClient.publicClient] })
    yield* server.inject(faults)
    const { refreshToken } = yield* server.issue({ scopes: ["openid"] })
    return { server, token: Redacted.value(refreshToken ?? assert.fail("no refresh token")) }
  }
)

const renew = (server: Server, token: string): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure> =>
  server.httpClient("test").execute(
    HttpClientRequest.post("https://as.test/token").pipe(
      HttpClientRequest.bodyUrlParams({ grant_type: "refresh_token", refresh_token: token, client_id: "test-app" })
    )
  )

type Failure = Effect.Error<ReturnType<ReturnType<Server["httpClient"]>["execute"]>>

/** What happened since the grant was issued. */
const tale = (server: Server): Effect.Effect<ReadonlyArray<Ledger.Entry>> =>
  Effect.map(server.ledger, (entries) => entries.filter(({ exchange }) => exchange !== undefined))

const kinds = (server: Server) => Effect.map(tale(server), (entries) => entries.map(({ kind }) => kind))

const endpointLayer = TokenEndpoint.layer.pipe(Layer.provideMerge(TestAuthorizationServer.layer()))

const named = (judgement: TokenResponse.Judgement): string => {
  switch (judgement._tag) {
    case "Granted":
      return "Granted"
    case "Unusable":
      return judgement.refreshToken === undefined ? "Unusable" : "Unusable, with a refresh token"
    case "Refused":
      return judgement.endsGrant ? "Refused, which ends the grant" : "Refused"
    case "NotProcessed":
      return "NotProcessed"
    case "NotSent":
      return `NotSent (${
        judgement.reason._tag === "RequestNotSent" ? judgement.reason.problem : judgement.reason._tag
      })`
    case "Ambiguous":
      return `Ambiguous (${judgement.reason._tag === "AnswerLost" ? judgement.reason.problem : judgement.reason._tag})`
  }
}

const faults = (): ReadonlyArray<readonly [Fault.Fault, string]> => [
  [Fault.slow({ request: "10 seconds", answer: "10 seconds" }), "Granted"],
  [Fault.dns, "NotSent (dns)"],
  [Fault.connectionRefused, "NotSent (connect)"],
  [Fault.connectTimeout(), "NotSent (connect)"],
  [Fault.tls, "NotSent (tls)"],
  [Fault.requestLost("reset"), "Ambiguous (reset)"],
  [Fault.requestLost("silence"), "Ambiguous (timeout)"],
  [Fault.answerLost("reset"), "Ambiguous (reset)"],
  [Fault.answerLost("silence"), "Ambiguous (timeout)"],
  [Fault.answerLost("truncated"), "Ambiguous (truncated)"],
  [Fault.answerLost("stalled"), "Ambiguous (timeout)"],
  [Fault.slow({ answer: "31 seconds" }), "Ambiguous (timeout)"],
  [Fault.serverError("unprocessed"), "Ambiguous (status)"],
  [Fault.serverError("processed", 502), "Ambiguous (status)"],
  [Fault.page("unprocessed"), "Ambiguous (content-type)"],
  [Fault.page("processed", 504), "Ambiguous (status)"],
  [Fault.notJson("processed"), "Ambiguous (truncated)"],
  [Fault.unavailable({ retryAfter: "120" }), "NotProcessed"],
  [Fault.unavailable({ status: 429 }), "NotProcessed"],
  [Fault.refusal("invalid_grant"), "Refused, which ends the grant"],
  [Fault.refusal("invalid_client", 401), "Refused"],
  [Fault.refusal("bad_verification_code", 200), "Refused"],
  [Fault.redirect("https://elsewhere.test/token"), "Ambiguous (RedirectRefused)"],
  [Fault.without("token_type"), "Unusable, with a refresh token"],
  [Fault.without("access_token"), "Unusable, with a refresh token"],
  [Fault.otherSubject(), "Granted"],
  [Fault.duplicated(), "Refused, which ends the grant"]
]
