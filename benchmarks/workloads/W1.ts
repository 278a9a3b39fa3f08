import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { perCall, scaled } from "../measure.ts"
import type { Scale, Workload } from "../Workload.ts"

const calls = 1_000_000

/** Runs an effect `count` times in one long fiber. */
const inOneFiber = <A, E>(effect: Effect.Effect<A, E>) => (count: number) => {
  let done = 0
  return Effect.runPromise(Effect.whileLoop({
    while: () => done < count,
    body: () => effect,
    step: () => done++
  }))
}

const token = { value: Redacted.make("an-access-token"), type: "Bearer" }
const expiresAt = Date.now() + 3_600_000

const fresh = Effect.succeed(token)
const expired = Effect.die("expired")

/** The least that a lawful getter does: it reads the fiber's clock and answers with what it holds. */
const floor = Effect.clockWith((clock) => clock.currentTimeMillisUnsafe() < expiresAt ? fresh : expired)

const awaited = async () => {
  if (Date.now() >= expiresAt) throw new Error("expired")
  return token
}

export const workload: Workload = {
  title: "a fresh token",
  metrics: { ns: "CPU ns a call", bytes: "bytes allocated a call" },
  contenders: [
    {
      name: "Effect.clockWith",
      kind: "floor",
      run: (scale: Scale) => perCall(scaled(calls, scale), inOneFiber(floor))
    },
    {
      name: "await a function",
      kind: "floor",
      run: (scale: Scale) =>
        perCall(scaled(calls, scale), async (count) => {
          for (let i = 0; i < count; i++) await awaited()
        })
    }
  ],
  reach: []
}
