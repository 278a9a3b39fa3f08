/**
 * Ids that come once: random bytes as base64url. The bytes are drawn for several at a time, as a call costs far more than
 * bytes do. What was drawn more than a second ago is not used any more: a machine that is copied holds it too, and the copy
 * notices by its clocks only. One that runs within that second gives the same ids as the other.
 */
import type * as Clock from "effect/Clock"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import { ofBytes } from "./base64Url.ts"
import * as Stopwatch from "./stopwatch.ts"

/** Makes ids of so many bytes. */
export const make = (
  random: Pick<SecureRandom.SecureRandom["Service"], "randomBytes">,
  clock: Clock.Clock,
  length = 12
): Effect.Effect<string> => {
  const { next, refill, size } = drawn(length)
  const draw = Effect.map(random.randomBytes(size), (bytes) => refill(bytes, clock))
  return Effect.suspend(() => {
    const id = next()
    return id === undefined ? draw : Effect.succeed(id)
  })
}

/** The bytes of several ids, for whoever draws them. */
export interface Drawn {
  /** How many are drawn at once. */
  readonly size: number
  /** The next id; `undefined` where bytes must be drawn before. */
  readonly next: () => string | undefined
  /** The first id of bytes that were just drawn. */
  readonly refill: (bytes: Uint8Array, clock: Clock.Clock) => string
}

/** Holds the bytes of several ids of this length; none at first. */
export const drawn = (length: number): Drawn => {
  let held: Uint8Array = new Uint8Array(0)
  let used = 0
  let age: Stopwatch.Stopwatch | undefined
  const take = (): string => ofBytes(held.subarray(used, used += length))
  return {
    size: length * atOnce,
    next: () => age !== undefined && used < held.length && age() < oldest ? take() : undefined,
    refill: (bytes, clock) => {
      held = bytes
      used = 0
      age = Stopwatch.start(clock)
      return take()
    }
  }
}

const atOnce = 16

const oldest = 1_000
