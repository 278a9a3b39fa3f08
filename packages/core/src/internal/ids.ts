/**
 * Ids that come once: twelve random bytes each, as base64url. The bytes are drawn for several at a time, as a call costs
 * far more than bytes do; what was drawn a second ago is not used any more, since a machine that was copied meanwhile
 * holds it too.
 */
import type * as Clock from "effect/Clock"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import { ofBytes } from "./base64Url.ts"
import * as Stopwatch from "./stopwatch.ts"

/** Makes ids. */
export const make = (
  random: Pick<SecureRandom.SecureRandom["Service"], "randomBytes">,
  clock: Clock.Clock
): Effect.Effect<string> => {
  let drawn: Uint8Array = new Uint8Array(0)
  let used = 0
  let age: Stopwatch.Stopwatch = () => Number.POSITIVE_INFINITY
  const next = (): string => ofBytes(drawn.subarray(used, used += length))
  const draw = Effect.map(random.randomBytes(length * atOnce), (bytes) => {
    drawn = bytes
    used = 0
    age = Stopwatch.start(clock)
    return next()
  })
  return Effect.suspend(() => used < drawn.length && age() < oldest ? Effect.succeed(next()) : draw)
}

const length = 12

const atOnce = 16

const oldest = 1_000
