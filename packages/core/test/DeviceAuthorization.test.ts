import {
  AuthorizationServer,
  ClientAuthentication,
  DeviceAuthorization,
  type OAuthError,
  TokenEndpoint
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Fiber, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

describe("DeviceAuthorization", () => {
  describe("start", () => {
    it.effect("asks for a code [8628-3.1-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* start({}, { scopes: ["a", "b"], parameters: [["x", "y"]] })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/device",
          headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
          body: "scope=a+b&x=y&client_id=app"
        }])
      }))

    it.effect("leaves an empty scope out [8628-3.1-c]", () =>
      Effect.gen(function*() {
        const { requests } = yield* start({}, { scopes: [] })

        assert.strictEqual(requests[0]?.body, "client_id=app")
      }))

    it.effect("gives what to show, and keeps what not to show [8628-3.3-a] [8628-3.3.1-a] [8628-3.3.1-b]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(10_000)

        const { started } = yield* start({
          interval: 7,
          verification_uri_complete: "https://as.example/go?user_code=ABCD-EFGH"
        })

        assert.strictEqual(Redacted.value(started.deviceCode), "dc")
        assert.deepStrictEqual({ ...started, deviceCode: "" }, {
          deviceCode: "",
          userCode: started.userCode,
          verificationUri: "https://as.example/go",
          verificationUriComplete: "https://as.example/go?user_code=ABCD-EFGH",
          expiresAt: DateTime.makeUnsafe(40_000),
          interval: Duration.seconds(7)
        })
        assert.strictEqual(String(started.userCode), "ABCD-EFGH")
      }))

    for (const interval of [undefined, null, 0, -5, 0.5, "5"]) {
      it.effect(`waits five seconds where the interval is ${JSON.stringify(interval)} [8628-3.2-c]`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual((yield* start({ interval })).started.interval, Duration.seconds(5))
        }))
    }

    it.effect("lets no code live longer than an hour", () =>
      Effect.gen(function*() {
        const { started } = yield* start({ expires_in: 1e9 })

        assert.strictEqual(DateTime.toEpochMillis(started.expiresAt), 3_600_000)
      }))

    const wrong: Record<string, readonly [object, string]> = {
      "no device code [8628-3.2-a]": [{ device_code: undefined }, "missing device_code"],
      "an empty device code": [{ device_code: "" }, "missing device_code"],
      "a device code that is a number [8628-3.2-a]": [{ device_code: 1 }, "wrong-type device_code"],
      "no user code [8628-3.2-a]": [{ user_code: undefined }, "missing user_code"],
      "a user code with an escape": [{ user_code: "\u001b[2JAB" }, "out-of-range user_code"],
      "a user code that runs backwards": [{ user_code: "AB\u202eCD" }, "out-of-range user_code"],
      "no address [8628-3.2-a]": [{ verification_uri: undefined }, "missing verification_uri"],
      "an address by plain http": [{ verification_uri: "http://as.example" }, "out-of-range verification_uri"],
      "an address on this machine": [{ verification_uri: "http://127.0.0.1" }, "out-of-range verification_uri"],
      "a script for an address": [{ verification_uri: "javascript:alert(1)" }, "out-of-range verification_uri"],
      "a file for an address": [{ verification_uri: "file:///etc/passwd" }, "out-of-range verification_uri"],
      "an address with an escape": [
        { verification_uri: "https://as.example/\u001b[2J" },
        "out-of-range verification_uri"
      ],
      "a complete address by plain http": [
        { verification_uri_complete: "http://as.example" },
        "out-of-range verification_uri_complete"
      ],
      "no lifetime [8628-3.2-a]": [{ expires_in: undefined }, "missing expires_in"],
      "a lifetime that is text [8628-3.2-a]": [{ expires_in: "30" }, "wrong-type expires_in"],
      "a lifetime of zero": [{ expires_in: 0 }, "out-of-range expires_in"]
    }
    for (const [name, [change, expected]] of Object.entries(wrong)) {
      it.effect(`fails: ${name}`, () =>
        Effect.gen(function*() {
          assert.strictEqual(words((yield* Effect.flip(start(change))).reason), `ResponseInvalid ${expected}`)
        }))
    }

    const answers: Record<string, readonly [() => Response, string]> = {
      "an error": [() => json({ error: "invalid_scope" }, { status: 400 }), "RequestRefused invalid_scope"],
      "an error with 200": [() => json({ error: "invalid_scope" }), "RequestRefused invalid_scope"],
      "a page": [() => new Response("<html>"), "ResponseInvalid content-type"],
      "503": [() => new Response("", { status: 503 }), "ServerUnavailable"]
    }
    for (const [name, [response, expected]] of Object.entries(answers)) {
      it.effect(`fails: ${name}`, () =>
        Effect.gen(function*() {
          const { layer } = setting(() => Effect.sync(response))
          const service = DeviceAuthorization.DeviceAuthorization

          const error = yield* Effect.flip(Effect.provide(service.use((_) => _.start()), layer))

          assert.strictEqual(words(error.reason), expected)
        }))
    }

    it.effect("names no parameter twice [8628-3.1-d]", () =>
      Effect.gen(function*() {
        for (const name of ["scope", "client_id"]) {
          const error = yield* Effect.flip(start({}, { scopes: ["a"], parameters: [[name, "b"]] }))

          assert.strictEqual(words(error.reason), `ConfigurationInvalid must name ${name} once parameters`)
        }
      }))

    it.effect("sends nothing by plain http [8628-3.1-b]", () =>
      Effect.gen(function*() {
        const endpoint = "http://as.example/device"
        const { layer, requests } = setting(() => Effect.never, { deviceAuthorizationEndpoint: endpoint })
        const service = DeviceAuthorization.DeviceAuthorization

        const error = yield* service.use((_) => _.start()).pipe(Effect.flip, Effect.provide(layer))

        assert.strictEqual(
          words(error.reason),
          "ConfigurationInvalid must begin with https:// deviceAuthorizationEndpoint"
        )
        assert.lengthOf(requests, 0)
      }))

    it.effect("fails where there is no endpoint", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.never, { deviceAuthorizationEndpoint: undefined })
        const service = DeviceAuthorization.DeviceAuthorization

        const error = yield* Effect.flip(Effect.provide(service.use((_) => _.start()), layer))

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }))
  })

  describe("poll", () => {
    it.effect("presents the device code by its grant [8628-3.4-a] [8628-3.4-b] [8628-3.4-c]", () =>
      Effect.gen(function*() {
        const { requests } = yield* poll([granted], { expiresIn: 30 })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/token",
          headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
          body: "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dc&client_id=app"
        }])
      }))

    const schedules: Record<string, readonly [ReadonlyArray<Handler>, ReadonlyArray<number>]> = {
      "waits before every question, the first too [8628-3.5-a] [8628-3.5-b]": [
        [pending, pending, pending, granted],
        [5, 10, 15, 20]
      ],
      "waits longer from then on when it is told to slow down [8628-3.5-c]": [
        [slowDown, slowDown, pending, granted],
        [5, 15, 30, 45]
      ],
      "waits twice as long each time that nobody answers [8628-3.5-g] [8628-3.5-h]": [
        [unreachable, lost, unreachable, granted],
        [5, 15, 35, 75]
      ],
      "waits as before once the server answers again": [[unreachable, pending, granted], [5, 15, 20]],
      "waits as long as the server asks for": [[busy, granted], [5, 65]],
      "goes on after a page and a server error": [[page, broken, granted], [5, 15, 35]],
      "waits no longer than two minutes by its own wish": [
        [lost, lost, lost, lost, lost, lost, lost, granted],
        [5, 15, 35, 75, 155, 275, 395, 515]
      ],
      "backs off from the interval that it was told last": [[slowDown, lost, granted], [5, 15, 35]]
    }
    for (const [name, [handlers, expected]] of Object.entries(schedules)) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const { outcome, times } = yield* poll(handlers, { expiresIn: 3600 })

          assert.strictEqual(outcome, "at")
          assert.deepStrictEqual(times, expected)
        }))
    }

    it.effect("ends when the code expires, and asks no more [8628-3.2-d]", () =>
      Effect.gen(function*() {
        const { ended, outcome, times } = yield* poll([pending], { expiresIn: 30 })

        assert.strictEqual(outcome, "AuthorizationRefused expired_token")
        assert.deepStrictEqual([times, ended], [[5, 10, 15, 20, 25], 30])
      }))

    it.effect("ends in time when it is told to slow down for ever", () =>
      Effect.gen(function*() {
        const { ended, outcome, times } = yield* poll([slowDown], { expiresIn: 60 })

        assert.strictEqual(outcome, "AuthorizationRefused expired_token")
        assert.deepStrictEqual([times, ended], [[5, 15, 30, 50], 60])
      }))

    it.effect("waits for the interval that the server names, every time [8628-3.2-b] [8628-3.5-b]", () =>
      Effect.gen(function*() {
        const { times } = yield* poll([pending, pending, granted], { expiresIn: 3600, interval: 7 })

        assert.deepStrictEqual(times, [7, 14, 21])
      }))

    it.effect("asks once more in the last second, though it backs off [8628-3.5-h]", () =>
      Effect.gen(function*() {
        const { ended, outcome, times } = yield* poll([lost], { expiresIn: 30 })

        assert.strictEqual(outcome, "AuthorizationRefused expired_token, an answer lost")
        assert.deepStrictEqual([times, ended], [[5, 15, 29], 30])
      }))

    it.effect("does not ask in the last second when the server asked it to wait for longer", () =>
      Effect.gen(function*() {
        const { ended, times } = yield* poll([busy], { expiresIn: 30 })

        assert.deepStrictEqual([times, ended], [[5], 30])
      }))

    it.effect("starts nothing anew when the code has expired [8628-3.1-e] [8628-3.5-d]", () =>
      Effect.gen(function*() {
        const { requests } = yield* poll([pending, refused("expired_token")], { expiresIn: 30 })

        assert.deepStrictEqual(requests.map(({ url }) => url), Array(2).fill("https://as.example/token"))
      }))

    it.effect("authenticates every time anew [8628-3.4-d]", () =>
      Effect.gen(function*() {
        let read = 0
        const clientSecret = Effect.sync(() => Redacted.make(`s${++read}`))

        const { requests } = yield* poll([pending, pending, granted], {
          expiresIn: 30,
          authentication: ClientAuthentication.post({ clientId: "app", clientSecret })
        })

        assert.deepStrictEqual(
          requests.map(({ body }) => new URLSearchParams(body).get("client_secret")),
          ["s1", "s2", "s3"]
        )
      }))

    const lostAnswers: Record<string, readonly [ReadonlyArray<Handler>, string]> = {
      "the code is called used": [
        [lost, refused("invalid_grant")],
        "AuthorizationRefused invalid_grant, an answer lost"
      ],
      "the code is called expired": [
        [page, refused("expired_token")],
        "AuthorizationRefused expired_token, an answer lost"
      ],
      "the person declined after all": [[lost, refused("access_denied")], "AuthorizationRefused access_denied"],
      "the answer was not the one: nobody had decided": [
        [lost, pending, refused("invalid_grant")],
        "RequestRefused invalid_grant"
      ],
      "nothing was sent": [[unreachable, refused("invalid_grant")], "RequestRefused invalid_grant"]
    }
    for (const [name, [handlers, expected]] of Object.entries(lostAnswers)) {
      it.effect(`tells that the tokens may have been in an answer that was lost, or not: ${name}`, () =>
        Effect.gen(function*() {
          const { outcome } = yield* poll(handlers, { expiresIn: 3600 })

          assert.strictEqual(outcome, expected)
        }))
    }

    const ends: Record<string, readonly [Handler, string]> = {
      "the person declines [8628-3.5-e] [8628-3.5-f]": [refused("access_denied"), "AuthorizationRefused access_denied"],
      "the server says that time is over [8628-3.5-d]": [
        refused("expired_token"),
        "AuthorizationRefused expired_token"
      ],
      "the server says anything else [8628-3.5-e]": [refused("invalid_grant"), "RequestRefused invalid_grant"],
      "the code is of no vocabulary [8628-3.5-e]": [refused("foo"), "RequestRefused foo"],
      "the answer cannot be used": [
        () => Effect.succeed(json({ access_token: 1 })),
        "ResponseInvalid wrong-type access_token"
      ],
      "the endpoint has moved": [() => Effect.succeed(new Response("", { status: 302 })), "RedirectRefused"]
    }
    for (const [name, [handler, expected]] of Object.entries(ends)) {
      it.effect(`ends at once when ${name}`, () =>
        Effect.gen(function*() {
          const { outcome, times } = yield* poll([handler], { expiresIn: 3600 })

          assert.strictEqual(outcome, expected)
          assert.deepStrictEqual(times, [5])
        }))
    }
  })

  it.effect("keeps device code and tokens out of strings [8628-3.3-b]", () =>
    Effect.gen(function*() {
      const { started } = yield* start({ device_code: canary })

      assert.deepStrictEqual(leaks(started), [])
    }))
})

const document = {
  device_code: "dc",
  user_code: "ABCD-EFGH",
  verification_uri: "https://as.example/go",
  expires_in: 30
}

const setting = (
  handler: Handler,
  server?: Partial<AuthorizationServer.AuthorizationServer["Service"]>,
  authentication: ClientAuthentication.Made = ClientAuthentication.none({ clientId: "app" })
) => {
  const http = recording(handler)
  const made = AuthorizationServer.make({
    provider: "acme",
    tokenEndpoint: "https://as.example/token",
    deviceAuthorizationEndpoint: "https://as.example/device"
  })
  const layer = DeviceAuthorization.layer.pipe(
    Layer.provideMerge(TokenEndpoint.layer),
    Layer.provide([
      http.layer,
      ClientAuthentication.layer(authentication),
      Layer.succeed(AuthorizationServer.AuthorizationServer, { ...Result.getOrThrow(made), ...server })
    ])
  )
  return { layer, requests: http.requests }
}

type StartOptions = Parameters<DeviceAuthorization.DeviceAuthorization["Service"]["start"]>[0]

const start = (change: object, options?: StartOptions) =>
  Effect.gen(function*() {
    const { layer, requests } = setting(() => Effect.succeed(json({ ...document, ...change })))
    const started = yield* DeviceAuthorization.DeviceAuthorization.use((_) => _.start(options)).pipe(
      Effect.provide(layer)
    )
    return { started, requests }
  })

/** Polls a server that answers so, the last answer for ever; tells the seconds at which it was asked. */
const poll = (handlers: ReadonlyArray<Handler>, options: {
  readonly expiresIn: number
  readonly interval?: number
  readonly authentication?: ClientAuthentication.Made
}) =>
  Effect.gen(function*() {
    const times: Array<number> = []
    const { layer, requests } = setting(
      (request, count) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          times.push(now / 1000)
          return (handlers[count - 1] ?? handlers.at(-1) ?? granted)(request, count)
        }),
      {},
      options.authentication
    )
    const { started } = yield* start({ expires_in: options.expiresIn, interval: options.interval })
    const fiber = yield* DeviceAuthorization.DeviceAuthorization.use((_) => _.poll(started)).pipe(
      Effect.provide(layer),
      Effect.match({ onSuccess: (tokens) => Redacted.value(tokens.accessToken), onFailure: (_) => words(_.reason) }),
      Effect.flatMap((outcome) => Effect.map(Clock.currentTimeMillis, (now) => ({ outcome, ended: now / 1000 }))),
      Effect.forkChild
    )
    yield* TestClock.adjust("1 hour")
    return { ...(yield* Fiber.join(fiber)), times, requests }
  })

function refused(error: string): Handler {
  return () => Effect.sync(() => json({ error }, { status: 400 }))
}

function pending(...args: Parameters<Handler>) {
  return refused("authorization_pending")(...args)
}

function slowDown(...args: Parameters<Handler>) {
  return refused("slow_down")(...args)
}

function granted() {
  return Effect.sync(() => json({ access_token: "at", token_type: "bearer" }))
}

function unreachable() {
  return Effect.fail({ code: "ECONNREFUSED" })
}

function lost() {
  return Effect.fail({ code: "ECONNRESET" })
}

function busy() {
  return Effect.sync(() => new Response("", { status: 429, headers: { "retry-after": "60" } }))
}

function page() {
  return Effect.sync(() => new Response("<html>"))
}

function broken() {
  return Effect.sync(() => new Response("", { status: 500 }))
}

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [
    reason._tag,
    "problem" in reason ? reason.problem : undefined,
    "field" in reason ? reason.field : undefined,
    "code" in reason ? String(reason.code) : undefined
  ].filter((word) => word !== undefined).join(" ") +
  ("answerLost" in reason && reason.answerLost === true ? ", an answer lost" : "")
