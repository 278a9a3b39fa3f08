/**
 * How laws are checked.
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as TestClock from "effect/testing/TestClock"
import { LawBroken } from "../Contract.ts"

/** Dies with `problem` unless it is so. */
export const ensure = (condition: boolean, problem: string): Effect.Effect<void> =>
  condition ? Effect.void : Effect.die(new LawBroken({ problem }))

/** Dies unless the two are the same JSON, whatever the order of their members. */
export const same = (what: string, actual: unknown, expected: unknown): Effect.Effect<void> => {
  const [is, should] = [canonical(actual), canonical(expected)]
  return ensure(is === should, `${what}: expected ${shortened(should)}, got ${shortened(is)}`)
}

/** Lets time pass: moves `TestClock` where there is one, and waits where there is not. */
export const elapse = (duration: Duration.Input): Effect.Effect<void> =>
  Clock.clockWith((clock) =>
    Predicate.hasProperty(clock, "adjust") ? TestClock.adjust(duration) : Effect.sleep(duration)
  )

/** Tries until it is so, or dies with `problem` after about ten seconds. */
export const eventually = (attempt: Effect.Effect<boolean>, problem: string): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 500; tries++) {
      if (yield* attempt) return
      yield* elapse("20 millis")
    }
    return yield* ensure(false, problem)
  })

const canonical = (value: unknown): string =>
  value === undefined ?
    "nothing" :
    JSON.stringify(value, (_, inner) =>
      Predicate.isObject(inner) && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
        : inner)

const shortened = (text: string): string => text.length <= 500 ? text : `${text.slice(0, 499)}…`
