import { RefreshPolicy } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Struct } from "effect"
import { Brake, Breaker } from "../../src/internal/breaker.ts"

const policy: RefreshPolicy.RefreshPolicy = Struct.assign(RefreshPolicy.defaults, {
  breakerThreshold: 3,
  breakerRest: Duration.seconds(10),
  retryAfterCap: Duration.minutes(5),
  brake: 20
})

const fail = (breaker: Breaker, times: number, now = 0, retryAfter?: Duration.Duration) => {
  for (let i = 0; i < times; i++) breaker.failed(now, retryAfter)
}

describe("Breaker", () => {
  it("leaves a server alone after so many failures in a row, and not before", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 2)
    const before = breaker.rest(0)
    fail(breaker, 1)

    assert.deepStrictEqual([before, breaker.rest(0), breaker.rest(9_999), breaker.rest(10_000)], [0, 10_000, 1, 0])
  })

  it("begins to count anew when the server answers", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 2)
    breaker.answered()
    fail(breaker, 2)

    assert.strictEqual(breaker.rest(0), 0)
  })

  it("rests again after the first failure that follows a rest", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 3)
    fail(breaker, 1, 10_000)

    assert.strictEqual(breaker.rest(10_000), 10_000)
  })

  it("rests after a single failure for as long as the server said", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 1, 0, Duration.seconds(90))

    assert.strictEqual(breaker.rest(0), 90_000)
  })

  it("rests no longer than the cap, whatever the server says", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 1, 0, Duration.days(1))

    assert.strictEqual(breaker.rest(0), 300_000)
  })

  it("rests no longer than the cap when the clock was set back by a year", () => {
    const breaker = new Breaker(policy)

    fail(breaker, 3, 365 * 86_400_000)

    assert.strictEqual(breaker.rest(0), 300_000)
  })
})

describe("Brake", () => {
  const count = (brake: Brake, of: { readonly ended: number; readonly renewed: number }, now = 0) => {
    for (let i = 0; i < of.renewed; i++) brake.count(now, false)
    for (let i = 0; i < of.ended; i++) brake.count(now, true)
  }

  it("holds when a tenth and more of many renewals end their grant within a minute", () => {
    const brake = new Brake(policy)

    count(brake, { renewed: 100, ended: 20 })

    assert.isTrue(brake.holds(0))
  })

  it("does not hold for a few", () => {
    const brake = new Brake(policy)

    count(brake, { renewed: 0, ended: 19 })

    assert.isFalse(brake.holds(0))
  })

  it("does not hold for many that are less than a tenth", () => {
    const brake = new Brake(policy)

    count(brake, { renewed: 1000, ended: 20 })

    assert.isFalse(brake.holds(0))
  })

  it("lets go when a whole minute has passed without another", () => {
    const brake = new Brake(policy)

    count(brake, { renewed: 0, ended: 20 })

    assert.deepStrictEqual([brake.holds(59_999), brake.holds(60_000)], [true, false])
  })

  it("does not hold for ever when the clock was set back", () => {
    const brake = new Brake(policy)

    count(brake, { renewed: 0, ended: 20 }, 86_400_000)

    assert.isFalse(brake.holds(0))
  })
})
