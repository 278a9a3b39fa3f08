import { ExchangeLimits } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Exchange from "../../src/internal/exchange.ts"

describe("exchange", () => {
  it.effect("takes the answer that came while the process was stopped for longer than the time limit", () =>
    Effect.gen(function*() {
      const exchange = yield* Effect.forkChild(asleep(once(Effect.sleep("100 millis"))))

      yield* TestClock.adjust("1 second")

      assert.strictEqual((yield* Fiber.join(exchange))._tag, "Answer")
    }))

  it.effect("gives up a second later where none came", () =>
    Effect.gen(function*() {
      const exchange = yield* Effect.forkChild(asleep(once(Effect.never)))

      yield* TestClock.adjust("1 second")

      assert.strictEqual((yield* Fiber.join(exchange))._tag, "Lost")
    }))

  it.effect("gives up at its limit where the process was awake", () =>
    Effect.gen(function*() {
      const exchange = yield* Effect.forkChild(once(Effect.never))

      yield* TestClock.adjust(limit)

      assert.strictEqual((yield* Fiber.join(exchange))._tag, "Lost")
    }))

  it.effect("lets go of a connection whose answer it does not read, and of none whose answer it has read", () =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const answers = [new Response("{}"), new Response("{}", { headers: { a: "1", b: "2" } })]
      const client = HttpClient.make((request, _, signal) =>
        Effect.sync(() => {
          signals.push(signal)
          return HttpClientResponse.fromWeb(request, answers.shift() ?? Response.error())
        })
      )
      const request = HttpClientRequest.post("https://as.test/token")

      yield* Effect.forEach(answers.slice(), () => Exchange.once(client, request, { field: "tokenEndpoint" })).pipe(
        Effect.provide(ExchangeLimits.layer({ maxHeaders: 1 }))
      )

      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [false, true])
    }))
})

const limit = Duration.seconds(30)

/** Sends a request that is answered after a while. */
const once = (latency: Effect.Effect<void>) =>
  Exchange.once(
    HttpClient.make((request) => Effect.as(latency, HttpClientResponse.fromWeb(request, new Response("{}")))),
    HttpClientRequest.post("https://as.test/token"),
    { field: "tokenEndpoint", timeLimit: limit }
  )

/** Runs in a process that is stopped for an hour at once, so that the first it learns is that its time is over. */
const asleep = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
  Clock.clockWith((clock) => {
    let offset = 0
    const now = () => clock.currentTimeMillisUnsafe() + offset
    const nanos = () => clock.monotonicTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
    return Effect.provideService(effect, Clock.Clock, {
      currentTimeMillisUnsafe: now,
      currentTimeMillis: Effect.sync(now),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) =>
        Duration.isLessThan(duration, limit) ? clock.sleep(duration) : Effect.sync(() => {
          offset += 3_600_000
        })
    })
  })
