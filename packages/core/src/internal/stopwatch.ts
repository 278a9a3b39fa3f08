/**
 * Time that has passed since an instant, by the larger of the monotonic and the
 * wall clock: the monotonic one may stand still while the host is suspended, and
 * the wall clock may be set back.
 */
import type * as Clock from "effect/Clock"

/** Reads the milliseconds since it was started. */
export type Stopwatch = () => number

/** Starts a stopwatch that never runs ahead: for whoever must not be early. */
export const startMonotonic = (clock: Clock.Clock): Stopwatch => {
  const monotonic = clock.monotonicTimeNanosUnsafe()
  return () => Number(clock.monotonicTimeNanosUnsafe() - monotonic) / 1e6
}

/** Starts a stopwatch. Where the wall clock was set back behind its start, nobody knows how long a stop has lasted. */
export const start = (clock: Clock.Clock): Stopwatch => {
  const wall = clock.currentTimeMillisUnsafe()
  const monotonic = clock.monotonicTimeNanosUnsafe()
  return () => {
    const passed = clock.currentTimeMillisUnsafe() - wall
    return passed < -correction ? Number.POSITIVE_INFINITY : Math.max(
      passed,
      Number(clock.monotonicTimeNanosUnsafe() - monotonic) / 1e6
    )
  }
}

// what a clock that is kept right may be corrected by at once
const correction = 1_000
