/** Schedules, asked for one delay at a time. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

/** The delays of a schedule, one after the other; `undefined` when it has ended. */
export type Attempts = Effect.Effect<Duration.Duration | undefined>

/** Begins a schedule, when it is first asked: nearly all end without having been. */
export const begin = (schedule: Schedule.Schedule<unknown>): Attempts => {
  let attempts: Attempts | undefined
  return Effect.suspend(() => attempts ?? Effect.flatMap(Schedule.toStep(schedule), (step) => attempts = delays(step)))
}

const delays = (step: Effect.Success<ReturnType<typeof Schedule.toStep<unknown, unknown, never, never>>>): Attempts =>
  Effect.clockWith((clock) =>
    step(clock.currentTimeMillisUnsafe(), undefined).pipe(
      Effect.map(([, delay]) => delay as Duration.Duration | undefined),
      Pull.catchDone(() => Effect.undefined)
    )
  )
