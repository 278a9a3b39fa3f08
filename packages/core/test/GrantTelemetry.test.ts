import { GrantTelemetry, TokenService } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { after, notProcessed, refused, World } from "./support/World.ts"

describe("GrantTelemetry", () => {
  it.effect("counts renewals by what they were for, with their waiters, their time and the age of the token", () =>
    Effect.gen(function*() {
      const { key, metrics, service } = yield* measured
      yield* TestClock.adjust("2 hours")

      yield* after(Effect.forEach(Array.from({ length: 7 }), () => service.token(key), { concurrency: "unbounded" }))

      assert.deepStrictEqual(yield* metrics("oauth.renewals"), [
        [{ outcome: "renewed", provider: "test", why: "expiring" }, 1]
      ])
      assert.deepStrictEqual(yield* metrics("oauth.renewal.waiters"), [[{ provider: "test" }, 7]])
      assert.deepStrictEqual(yield* metrics("oauth.token.age"), [[{ provider: "test" }, 7_200_200]])
      assert.deepStrictEqual(yield* metrics("oauth.renewal.duration"), [[{ provider: "test" }, 200]])
    }).pipe(isolated))

  it.effect("counts what failed by its reason, and grants that a person has to give again by the cause", () =>
    Effect.gen(function*() {
      const { key, metrics, service, world } = yield* measured
      yield* TestClock.adjust("2 hours")
      world.answers.push(notProcessed("1 minute"), refused("invalid_grant"))

      yield* after(service.refresh(key), "10 minutes")
      yield* after(service.refresh(key), "10 minutes")

      assert.deepStrictEqual(yield* metrics("oauth.renewals"), [
        [{ outcome: "ended", provider: "test", why: "GrantRejected" }, 1],
        [{ outcome: "failed", provider: "test", why: "ServerUnavailable" }, 1]
      ])
      assert.deepStrictEqual(yield* metrics("oauth.reauthorizations"), [
        [{ provider: "test", why: "GrantRejected" }, 1]
      ])
    }).pipe(isolated))

  it.effect("says how many pairs no store has taken, and that it has", () =>
    Effect.gen(function*() {
      const { key, metrics, service, world } = yield* measured
      world.writes.push("pass", "fail", "fail", "fail", "fail")

      yield* after(service.refresh(key), "1 second")
      const during = yield* metrics("oauth.pairs.unsaved")
      yield* TestClock.adjust("1 hour")

      assert.deepStrictEqual(during, [[{ provider: "test" }, 1]])
      assert.deepStrictEqual(yield* metrics("oauth.pairs.unsaved"), [[{ provider: "test" }, 0]])
    }).pipe(isolated))

  it.effect("counts no pair in memory whose grant another login has replaced", () =>
    Effect.gen(function*() {
      const { key, metrics, service, world } = yield* measured
      const other = yield* world.process()
      world.writes.push("pass", "fail", "fail", "fail", "fail")

      yield* after(service.refresh(key), "1 second")
      const during = yield* metrics("oauth.pairs.unsaved")
      world.writes.length = 0
      yield* world.login(other)
      yield* TestClock.adjust("1 hour")

      assert.deepStrictEqual(during, [[{ provider: "test" }, 1]])
      assert.deepStrictEqual(yield* metrics("oauth.pairs.unsaved"), [[{ provider: "test" }, 0]])
    }).pipe(isolated))

  it.effect("names no account and no token", () =>
    Effect.gen(function*() {
      const { key, service } = yield* measured
      yield* after(service.refresh(key))

      const text = JSON.stringify(yield* Metric.snapshot)

      assert.include(text, "oauth.renewals")
      assert.notInclude(text, "ada")
      assert.notMatch(text, /r-\d|a-\d/)
    }).pipe(isolated))
})

// metrics belong to a process: each test has a registry of its own
const isolated = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

const measured = Effect.gen(function*() {
  const world = yield* World.make()
  const process = yield* world.process()
  yield* Layer.build(Layer.provide(GrantTelemetry.layer, Layer.succeed(TokenService.TokenService, process.service)))
  yield* world.login(process)
  return {
    world,
    service: process.service,
    key: world.key(),
    metrics: (id: string) =>
      Effect.map(Metric.snapshot, (all) =>
        all.filter((metric) => metric.id === id)
          .map(({ attributes, state, type }) =>
            [
              { ...attributes },
              type === "Histogram"
                ? state.sum
                : "count" in state
                ? state.count
                : "value" in state
                ? state.value
                : undefined
            ] as const
          )
          .toSorted(([a], [b]) => JSON.stringify(a).localeCompare(JSON.stringify(b))))
  }
})
