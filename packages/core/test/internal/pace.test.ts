import { assert, describe, it } from "@effect/vitest"
import { Budgets, Pace } from "../../src/internal/pace.ts"

const clock = () => {
  let now = 0
  return { elapsed: () => now, pass: (milliseconds: number) => now += milliseconds }
}

describe("Pace", () => {
  it("spreads beginnings evenly", () => {
    const pace = new Pace({ permits: 4, interval: 1000 }, clock().elapsed)

    assert.deepStrictEqual([pace.take(), pace.take(), pace.take()], [0, 250, 500])
  })

  it("saves nothing up while nobody begins", () => {
    const { elapsed, pass } = clock()
    const pace = new Pace({ permits: 4, interval: 1000 }, elapsed)

    pace.take()
    pass(60_000)

    assert.deepStrictEqual([pace.take(), pace.take()], [0, 250])
  })
})

describe("Budgets", () => {
  it("lets so many begin at once, and then no more", () => {
    const budgets = new Budgets({ permits: 2, interval: 1000 }, clock().elapsed)

    assert.deepStrictEqual([budgets.spend("a"), budgets.spend("a"), budgets.spend("a")], [true, true, false])
  })

  it("keeps names apart", () => {
    const budgets = new Budgets({ permits: 1, interval: 1000 }, clock().elapsed)

    assert.deepStrictEqual([budgets.spend("a"), budgets.spend("b"), budgets.spend("a")], [true, true, false])
  })

  it("fills up by and by", () => {
    const { elapsed, pass } = clock()
    const budgets = new Budgets({ permits: 2, interval: 1000 }, elapsed)

    budgets.spend("a")
    budgets.spend("a")
    pass(499)
    const early = budgets.spend("a")
    pass(1)

    assert.deepStrictEqual([early, budgets.spend("a"), budgets.spend("a")], [false, true, false])
  })

  it("holds no more than its permits, however long nobody spends", () => {
    const { elapsed, pass } = clock()
    const budgets = new Budgets({ permits: 1, interval: 1000 }, elapsed)

    budgets.spend("a")
    pass(3_600_000)

    assert.deepStrictEqual([budgets.spend("a"), budgets.spend("a")], [true, false])
  })

  it("forgets names whose budget is full, and only those", () => {
    const { elapsed, pass } = clock()
    const budgets = new Budgets({ permits: 1, interval: 1000 }, elapsed)

    budgets.spend("a")
    pass(600)
    budgets.spend("b")
    pass(600)
    budgets.tidy()

    assert.strictEqual(budgets.size, 1)
  })
})
