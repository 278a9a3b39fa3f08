/**
 * Ids that come once: random bytes as base64url. The bytes are drawn for several at a time, as a call costs far more than
 * bytes do; what was drawn a second ago is not used any more, since a machine that was copied meanwhile holds it too.
 */
import type * as Clock from "effect/Clock"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import { ofBytes } from "./base64Url.ts"
import * as Stopwatch from "./stopwatch.ts"

/** Makes ids of so many bytes; twelve unless named. */
export const make = (
  random: Pick<SecureRandom.SecureRandom["Service"], "randomBytes">,
  clock: Clock.Clock,
  length?: number
): Effect.Effect<string> => {
  const drawn = new Drawn(length)
  const draw = Effect.map(random.randomBytes(drawn.size), (bytes) => drawn.refill(bytes, clock))
  return Effect.suspend(() => {
    const next = drawn.next()
    return next === undefined ? draw : Effect.succeed(next)
  })
}

/** The bytes of several ids. */
export class Drawn {
  private readonly length: number
  private bytes: Uint8Array = new Uint8Array(0)
  private used = 0
  private age: Stopwatch.Stopwatch = () => Number.POSITIVE_INFINITY

  constructor(length = 12) {
    this.length = length
  }

  /** How many bytes are drawn at once. */
  get size(): number {
    return this.length * atOnce
  }

  /** The next id; `undefined` where bytes must be drawn before. */
  next(): string | undefined {
    return this.used < this.bytes.length && this.age() < oldest ? this.take() : undefined
  }

  /** The first id of bytes that were just drawn. */
  refill(bytes: Uint8Array, clock: Clock.Clock): string {
    this.bytes = bytes
    this.used = 0
    this.age = Stopwatch.start(clock)
    return this.take()
  }

  private take(): string {
    return ofBytes(this.bytes.subarray(this.used, this.used += this.length))
  }
}

const atOnce = 16

const oldest = 1_000
