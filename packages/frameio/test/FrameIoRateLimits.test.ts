import { AuthorizedHttpClient, TokenSource } from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { FrameIoRateLimits } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Redacted, Stream } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

describe("FrameIoRateLimits", () => {
  describe("fromHeaders", () => {
    it("reads the window in milliseconds", () => {
      const told = FrameIoRateLimits.fromHeaders(headers({ limit: 10, remaining: 7, window: 60_000 }))

      assert.deepStrictEqual(told, { limit: 10, remaining: 7, window: Duration.minutes(1) })
    })

    for (
      const wrong of [
        {},
        { limit: 0, remaining: 0, window: 1000 },
        { limit: 10, remaining: 1, window: 0 },
        { limit: 10, remaining: "-1", window: 1000 },
        { limit: "1e3", remaining: 1, window: 1000 },
        { limit: 10, remaining: 1, window: "99999999999" }
      ]
    ) {
      it(`takes ${JSON.stringify(wrong)} for nothing`, () => {
        assert.isUndefined(FrameIoRateLimits.fromHeaders(headers(wrong)))
      })
    }
  })

  describe("route", () => {
    for (
      const [url, route] of [
        ["https://api.frame.io/v4/me", "GET /v4/me"],
        [
          "https://api.frame.io/v4/accounts/5a9d0b0c-5a9d-4b0c-8a9d-5a9d0b0c0001/files/42?page=2",
          "GET /v4/accounts/*/files/*"
        ],
        ["/v2/assets/5A9D0B0C-5a9d-4b0c-8a9d-5a9d0b0c0001#x", "GET /v2/assets/*"]
      ] as const
    ) {
      it(`of ${url} has no identifiers`, () => {
        assert.strictEqual(FrameIoRateLimits.route({ method: "GET", url }), route)
      })
    }
  })

  describe("withRateLimits", () => {
    it.effect("lets what remains through at once, and then one call after window / limit each", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 10, window: 60_000 })
        const client = yield* limited(server)
        yield* client.get(me)

        const fiber = yield* Effect.forkChild(burst(client, 12))
        yield* TestClock.adjust("18 seconds")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(server.times(), [...Array.from({ length: 10 }, () => 0), 6_000, 12_000, 18_000])
      }))

    for (
      const { calls, limit, window } of [{ calls: 40, limit: 10, window: 60_000 }, {
        calls: 60,
        limit: 5,
        window: 1_000
      }]
    ) {
      it.effect(`never runs into a limit of ${limit} in ${window} ms by itself, and wastes no time`, () =>
        Effect.gen(function*() {
          const server = yield* leaky({ limit, window, latency: 100 })
          const client = yield* limited(server, { waitAtMost: "1 hour" })

          const fiber = yield* Effect.forkChild(burst(client, calls))
          yield* TestClock.adjust("1 hour")
          const statuses = yield* Fiber.join(fiber)

          assert.deepStrictEqual([...new Set(statuses)], [200])
          const least = (calls - limit) * window / limit
          assert.isAtMost(server.times().at(-1) ?? 0, least + window / limit + 1_000)
        }))
    }

    it.effect("lets three calls through while nothing is known", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 100, window: 60_000, latency: 50 })
        const client = yield* limited(server)

        const fiber = yield* Effect.forkChild(burst(client, 20))
        yield* TestClock.adjust("49 millis")
        const before = server.times().length
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)

        assert.strictEqual(before, 3)
        assert.strictEqual(server.times().at(-1), 50)
      }))

    it.effect("does not limit an API that tells nothing", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() => TestHttp.json({}))
        const client = yield* limited(server)
        yield* client.get(me)

        const statuses = yield* burst(client, 500)

        assert.strictEqual(statuses.length, 500)
      }))

    it.effect("rests a second after a 429, and twice as long each time", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() => TestHttp.json({}, { status: 429 }))
        const client = yield* limited(server)

        const fiber = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("30 seconds")
        const response = yield* Fiber.join(fiber)

        assert.strictEqual(response.status, 429)
        const times = server.times()
        const rests = times.slice(1).map((at, index) => at - (times[index] ?? 0))
        assert.strictEqual(rests.length, 3)
        for (const [index, rest] of rests.entries()) {
          assert.isAtLeast(rest, 1_000 * 2 ** index)
          assert.isAtMost(rest, 1_250 * 2 ** index + 1)
        }
      }))

    it.effect("sends again what was answered 429, once there is room", () =>
      Effect.gen(function*() {
        let refused = 0
        const server = yield* scripted(() =>
          refused++ === 0
            ? TestHttp.json({}, { status: 429, headers: headers({ limit: 10, remaining: 0, window: 60_000 }) })
            : TestHttp.json({}, { headers: headers({ limit: 10, remaining: 0, window: 60_000 }) })
        )
        const client = yield* limited(server)

        const fiber = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("10 seconds")
        const response = yield* Fiber.join(fiber)

        assert.strictEqual(response.status, 200)
        assert.isAtLeast(server.times()[1] ?? 0, 6_000)
      }))

    it.effect("lets the whole bucket rest after a 429, and then go one by one", () =>
      Effect.gen(function*() {
        let answered = 0
        const server = yield* scripted(() =>
          answered++ < 3
            ? TestHttp.json({}, { status: 429, headers: headers({ limit: 5, remaining: 0, window: 1_000 }) })
            : TestHttp.json({}, { headers: headers({ limit: 5, remaining: 0, window: 1_000 }) })
        )
        const client = yield* limited(server)

        const fiber = yield* Effect.forkChild(burst(client, 6))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)

        const after = server.times().slice(3)
        assert.isAtLeast(after[0] ?? 0, 1_000)
        assert.strictEqual(after.length, 6)
        for (const [index, at] of after.slice(1).entries()) assert.isAtLeast(at - (after[index] ?? 0), 199)
      }))

    it.effect("waits as long as Retry-After asks for, should there be one", () =>
      Effect.gen(function*() {
        let answered = 0
        const server = yield* scripted(() =>
          answered++ === 0 ? TestHttp.json({}, { status: 429, headers: { "retry-after": "20" } }) : TestHttp.json({})
        )
        const client = yield* limited(server)

        const fiber = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("21 seconds")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(server.times(), [0, 20_000])
      }))

    it.effect("hands a 429 on that asks for a longer wait than is allowed", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() => TestHttp.json({}, { status: 429, headers: { "retry-after": "61" } }))
        const client = yield* limited(server)

        const response = yield* client.get(me)

        assert.strictEqual(response.status, 429)
      }))

    it.effect("hands a 429 on where the body cannot be sent twice", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() => TestHttp.json({}, { status: 429 }))
        const client = yield* limited(server)

        const response = yield* client.post(me, { body: HttpBody.stream(Stream.make(new Uint8Array(1))) })

        assert.strictEqual(response.status, 429)
        assert.strictEqual(server.times().length, 1)
      }))

    it.effect("repeats nothing that was answered otherwise", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() => TestHttp.json({}, { status: 503 }))
        const client = yield* limited(server)

        const response = yield* client.post(me)

        assert.strictEqual(response.status, 503)
        assert.strictEqual(server.times().length, 1)
      }))

    it.effect("fails at once, unsent, where the wait would be longer than is allowed", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 10, window: 60_000 })
        const client = yield* limited(server, { waitAtMost: "10 seconds" })
        yield* client.get(me)
        const fiber = yield* Effect.forkChild(burst(client, 10))
        yield* TestClock.adjust("1 millis")

        const error = yield* Effect.flip(client.get(me))

        assert.deepStrictEqual([error._tag, server.times().length], ["RateLimited", 10])
        assert.strictEqual(
          error.message,
          "Too many calls of GET /v4/me wait for Frame.io's rate limit; this one was not sent. Try again in 11s 999ms"
        )
        yield* Fiber.interrupt(fiber)
      }))

    it.effect("goes on with the next when a caller that waits is interrupted", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 10, window: 60_000 })
        const client = yield* limited(server)
        yield* client.get(me)
        yield* burst(client, 9)

        const first = yield* Effect.forkChild(client.get(me), { startImmediately: true })
        const second = yield* Effect.forkChild(client.get(me), { startImmediately: true })
        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("6 seconds")
        yield* Fiber.join(second)

        assert.deepStrictEqual(server.times().slice(10), [6_000])
      }))

    it.effect("counts each route by itself", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 3, window: 60_000 })
        const client = yield* limited(server)
        yield* burst(client, 3)

        const response = yield* client.get("https://api.frame.io/v4/accounts")

        assert.strictEqual(response.status, 200)
      }))

    it.effect("counts each account by itself", () =>
      Effect.gen(function*() {
        const server = yield* scripted(() =>
          TestHttp.json({}, { headers: headers({ limit: 3, remaining: 0, window: 60_000 }) })
        )
        const limits = yield* FrameIoRateLimits.make()
        yield* FrameIoRateLimits.withRateLimits(server.client, limits, { account: "ada" }).get(me)

        const grace = FrameIoRateLimits.withRateLimits(server.client, limits, { account: "grace" })
        const exit = yield* Effect.exit(grace.get(me))

        assert.isTrue(Exit.isSuccess(exit))
      }))

    it.effect("does not believe an answer that was overtaken by that to a later call", () =>
      Effect.gen(function*() {
        let asked = 0
        const server = yield* scripted(
          () =>
            TestHttp.json({}, { headers: headers({ limit: 10, remaining: asked++ === 0 ? 9 : 0, window: 60_000 }) }),
          () => asked === 1 ? 1_000 : 10
        )
        const client = yield* limited(server)
        const fiber = yield* Effect.forkChild(burst(client, 2))
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(fiber)

        const third = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(third)

        assert.deepStrictEqual(server.times(), [0, 0, 6_010])
      }))

    it.effect("counts what is under way, though the answer to a later call had not seen it", () =>
      Effect.gen(function*() {
        // all but the last call of the first ten are slow to arrive
        let sent = 0
        const server = yield* leaky({ limit: 10, window: 60_000, uplink: () => ++sent === 1 || sent === 11 ? 0 : 500 })
        const client = yield* limited(server)
        yield* client.get(me)
        yield* TestClock.adjust("1 minute")

        const fiber = yield* Effect.forkChild(burst(client, 12))
        yield* TestClock.adjust("1 minute")
        const statuses = yield* Fiber.join(fiber)

        assert.deepStrictEqual([...new Set(statuses)], [200])
        assert.strictEqual(server.times().length, 13)
      }))

    it.effect("counts a call whose answer never came", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 3, window: 60_000 })
        const client = yield* limited(server)
        yield* client.get(me)
        const broken = FrameIoRateLimits.withRateLimits(
          HttpClient.transform(server.client, (send) => Effect.andThen(send, Effect.fail("broken"))),
          client.limits,
          { account: "ada" }
        )
        yield* Effect.ignore(broken.get(me))
        yield* Effect.ignore(broken.get(me))

        const fiber = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("19 seconds")
        const before = server.times().length
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual([before, server.times().length], [3, 4])
      }))

    it.effect("keeps to what other processes have left", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 10, window: 60_000 })
        const client = yield* limited(server)
        yield* client.get(me)
        yield* Effect.forEach(Array.from({ length: 9 }), () => server.client.get(me))
        yield* TestClock.adjust("6 seconds")
        yield* client.get(me)

        const fiber = yield* Effect.forkChild(client.get(me), { startImmediately: true })
        yield* TestClock.adjust("5 seconds")
        const before = server.times().length
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual([before, server.times().length], [11, 12])
      }))

    it.effect("asks for the token when a call is sent, and not when it begins to wait", () =>
      Effect.gen(function*() {
        const server = yield* leaky({ limit: 3, window: 60_000 })
        const source = TokenSource.make({
          token: Effect.map(Clock.currentTimeMillis, (now) => ({ value: Redacted.make(`at-${now}`), type: "Bearer" })),
          refused: Effect.succeed
        })
        const limits = yield* FrameIoRateLimits.make()
        const client = AuthorizedHttpClient.withTokenSource(server.client, source, {
          origins: ["https://api.frame.io"]
        }).pipe(FrameIoRateLimits.withRateLimits(limits, { account: "ada" }))
        yield* burst(client, 3)

        const fiber = yield* Effect.forkChild(client.get(me))
        yield* TestClock.adjust("20 seconds")
        yield* Fiber.join(fiber)

        assert.strictEqual(server.sent().at(-1)?.headers["authorization"], "Bearer at-20000")
      }))
  })
})

const me = "https://api.frame.io/v4/me"

const headers = (told: { readonly [name: string]: number | string }): Record<string, string> =>
  Object.fromEntries(Object.entries(told).map(([name, value]) => [`x-ratelimit-${name}`, String(value)]))

interface Server {
  readonly client: HttpClient.HttpClient
  readonly sent: () => ReadonlyArray<TestHttp.Request>
  /** When it was asked, in milliseconds of the test's clock. */
  readonly times: () => ReadonlyArray<number>
}

const scripted = (
  answer: (now: number, request: TestHttp.Request) => TestHttp.Answer,
  latency: () => number = () => 0,
  uplink: () => number = () => 0
): Effect.Effect<Server> =>
  Effect.sync(() => {
    const sent: Array<TestHttp.Request> = []
    const times: Array<number> = []
    const pause = (millis: number) => millis === 0 ? Effect.void : Effect.sleep(millis)
    const client = TestHttp.makeClient(Effect.fnUntraced(function*(request) {
      yield* pause(uplink())
      const now = yield* Clock.currentTimeMillis
      sent.push(request)
      times.push(now)
      const answered = answer(now, request)
      yield* pause(latency())
      return answered
    }))
    return { client, sent: () => sent, times: () => times }
  })

/** A server whose bucket of each route and token leaks continuously, as Frame.io describes it. */
const leaky = (
  options: {
    readonly limit: number
    readonly window: number
    readonly latency?: number
    readonly uplink?: () => number
  }
) => {
  const buckets = new Map<string, { level: number; at: number }>()
  return scripted(
    (now, request) => {
      const name = request.url
      const bucket = buckets.get(name) ?? { level: 0, at: now }
      const level = Math.max(0, bucket.level - (now - bucket.at) * options.limit / options.window)
      const isFull = level + 1 > options.limit + 1e-6
      buckets.set(name, { level: isFull ? level : level + 1, at: now })
      const remaining = isFull ? 0 : Math.max(0, Math.floor(options.limit - level - 1))
      return TestHttp.json({}, {
        status: isFull ? 429 : 200,
        headers: headers({ limit: options.limit, remaining, window: options.window })
      })
    },
    () => options.latency ?? 0,
    options.uplink
  )
}

const limited = Effect.fnUntraced(function*(server: Server, options?: FrameIoRateLimits.Options) {
  const limits = yield* FrameIoRateLimits.make(options)
  return Object.assign(FrameIoRateLimits.withRateLimits(server.client, limits, { account: "ada" }), { limits })
})

const burst = <E, R>(client: HttpClient.HttpClient.With<E, R>, times: number) =>
  Effect.forEach(
    Array.from({ length: times }),
    () => Effect.map(client.execute(HttpClientRequest.get(me)), ({ status }) => status),
    { concurrency: "unbounded" }
  )
