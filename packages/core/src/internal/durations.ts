/**
 * Durations as they are written in options.
 */
import * as Duration from "effect/Duration"

/** What is said of a duration that is refused. */
export const problem = "must be a duration that is finite and not below zero"

/** A duration from what was written for it; `undefined` for what is not a number, which `Duration` reads as zero. */
export const read = (input: Duration.Input): Duration.Duration | undefined =>
  holdsNoNumber(input) ? undefined : Duration.fromInputUnsafe(input)

/** Whether a duration may stand in a record, or be waited for. */
export const isLasting = (duration: Duration.Duration): boolean =>
  Duration.isFinite(duration) && !Duration.isNegative(duration)

const holdsNoNumber = (input: Duration.Input): boolean =>
  typeof input === "object" && !Duration.isDuration(input)
    ? Object.values(input).some(Number.isNaN)
    : Number.isNaN(input)
