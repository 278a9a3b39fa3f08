import { assert, describe, it } from "@effect/vitest"
import type { Duration } from "effect"
import { Clock, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Limits from "../../src/internal/limits.ts"

describe("limits", () => {
  it.effect("tells of each when its time is over, whichever was begun first", () =>
    Effect.gen(function*() {
      const { begin, told } = yield* setUp
      begin("late", 3_000)
      begin("early", 1_000)
      begin("between", 2_000)

      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(told, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(told, ["early"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(told, ["early", "between", "late"])
    }))

  it.effect("tells of none that was ended before", () =>
    Effect.gen(function*() {
      const { begin, told } = yield* setUp
      const end = begin("ended", 1_000)
      begin("other", 2_000)

      end()
      yield* TestClock.adjust("5 seconds")

      assert.deepStrictEqual(told, ["other"])
    }))

  it.effect("tells of none that another of the same instant has ended", () =>
    Effect.gen(function*() {
      const { limit, told } = yield* setUp
      const ends: Array<() => void> = []
      const end = () => ends.forEach((end) => end())
      for (const name of ["first", "second"]) {
        ends.push(
          limit(1_000)(() => {
            told.push(name)
            end()
          })
        )
      }

      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(told, ["first"])
    }))

  it.effect("begins again after all have ended", () =>
    Effect.gen(function*() {
      const { begin, told } = yield* setUp
      begin("ended", 1_000)()
      yield* TestClock.adjust("1 minute")

      begin("again", 1_000)
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(told, ["again"])
    }))

  it.effect("sleeps no longer than its scope is open, but for who begins a limit after it", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Effect.provideService(Limits.make, Scope.Scope, scope)
      const told: Array<string> = []
      Limits.of(context, 1_000)(() => told.push("before"))

      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(told, [])
      Limits.of(context, 3_000)(() => told.push("after"))
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(told, ["before", "after"])
    }))

  it.effect("tells of one that was begun when another was told of", () =>
    Effect.gen(function*() {
      const { begin, limit, told } = yield* setUp
      limit(1_000)(() => begin("next", 500))

      yield* TestClock.adjust("1499 millis")
      assert.deepStrictEqual(told, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(told, ["next"])
    }))

  it.effect("does not hold a process up for a long limit that has ended", () =>
    Effect.gen(function*() {
      const { asleep, context } = yield* counted
      const end = Limits.of(context, 60_000)(() => {})
      yield* TestClock.adjust("2500 millis")
      end()

      yield* TestClock.adjust("500 millis")

      assert.strictEqual(asleep(), 0)
    }))

  it.effect("sleeps in one fiber for all, and in none for those that have ended", () =>
    Effect.gen(function*() {
      const { asleep, context } = yield* counted

      const ends = Array.from({ length: 100 }, () => Limits.of(context, 1_000)(() => {}))
      assert.strictEqual(asleep(), 1)
      for (const end of ends) end()
      yield* TestClock.adjust("1 second")
      assert.strictEqual(asleep(), 0)
    }))
})

// limits by a clock that counts who sleeps
const counted = Effect.gen(function*() {
  let asleep = 0
  const clock = yield* Clock.Clock
  const sleep = (duration: Duration.Duration) =>
    Effect.suspend(() => {
      asleep++
      return Effect.ensuring(clock.sleep(duration), Effect.sync(() => asleep--))
    })
  const counting = Object.assign(Object.create(clock), { sleep })
  const context = yield* Effect.provideService(Limits.make, Clock.Clock, counting)
  return { asleep: () => asleep, context }
})

const setUp = Effect.gen(function*() {
  const context = yield* Limits.make
  const told: Array<string> = []
  const limit = (millis: number) => Limits.of(context, millis)
  return { limit, told, begin: (name: string, millis: number) => limit(millis)(() => told.push(name)) }
})
