import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { start } from "../../src/internal/stopwatch.ts"

describe("stopwatch", () => {
  it("counts by the monotonic clock where the wall clock was set back a little", () => {
    const { clock, pass } = clocks()
    const elapsed = start(clock)

    pass({ wall: -500, monotonic: 3_000 })

    assert.strictEqual(elapsed(), 3_000)
  })

  it("counts by the wall clock where the monotonic one stood still", () => {
    const { clock, pass } = clocks()
    const elapsed = start(clock)

    pass({ wall: 90_000, monotonic: 10 })

    assert.strictEqual(elapsed(), 90_000)
  })

  it("takes no time for short when the wall clock was set back behind its start: the host may have been stopped", () => {
    const { clock, pass } = clocks()
    const elapsed = start(clock)

    pass({ wall: -3_600_000, monotonic: 10 })

    assert.strictEqual(elapsed(), Infinity)
  })
})

const clocks = () => {
  let [wall, monotonic] = [1_900_000_000_000, 5_000]
  const clock: Clock.Clock = {
    sleep: () => Effect.never,
    currentTimeMillisUnsafe: () => wall,
    currentTimeMillis: Clock.currentTimeMillis,
    currentTimeNanosUnsafe: () => BigInt(wall) * 1_000_000n,
    currentTimeNanos: Clock.currentTimeNanos,
    monotonicTimeNanosUnsafe: () => BigInt(monotonic) * 1_000_000n,
    monotonicTimeNanos: Clock.currentTimeNanos
  }
  const pass = (by: { readonly wall: number; readonly monotonic: number }) => {
    wall += by.wall
    monotonic += by.monotonic
  }
  return { clock, pass }
}
