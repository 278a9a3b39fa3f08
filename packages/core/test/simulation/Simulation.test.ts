import { assert, describe, it } from "@effect/vitest"
import { breaches } from "./Invariants.ts"
import * as Simulation from "./Simulation.ts"
import * as Tally from "./Tally.ts"

describe("a simulation", () => {
  it("keeps every invariant, whatever goes wrong [I1-I9, I12]", { timeout: 300_000 }, () => {
    const tally = Tally.empty()
    const enough = performance.now() + budget
    for (let seed = 1; seed <= leastSeeds || performance.now() < enough; seed++) Tally.add(tally, seed)

    assert.deepStrictEqual(tally.wrong, [])
    assert.deepStrictEqual(Tally.pairs(tally).filter(([, count]) => count < leastOfEach), [])
    assert.deepStrictEqual(Tally.rows.filter((row) => (tally.rows.get(row) ?? 0) < leastOfEach), [])
  })

  it("repeats with its seed, step by step", () => {
    const [once, again] = [Simulation.run(seedOfMuch), Simulation.run(seedOfMuch)]

    assert.deepStrictEqual(again.trace, once.trace)
    assert.deepStrictEqual(again.ledger, once.ledger)
  })

  it("renews once for everyone where nothing goes wrong [I5]", () => {
    const facts = Array.from({ length: 12 }, (_, index) => Simulation.run(index + 1, { focus: "nothing", noise: 0 }))

    assert.deepStrictEqual(facts.flatMap(breaches), [])
    assert.isTrue(facts.every(({ ledger }) => ledger.some(({ kind }) => kind === "presented")))
  })

  it("goes on the same for everyone else when a caller is interrupted at any step [I4]", () => {
    const undisturbed = Simulation.interruptAt(undefined)
    const steps = Array.from({ length: 60 }, (_, step) => Simulation.interruptAt(step))

    assert.isTrue(steps.filter(({ isInterrupted }) => isInterrupted).length > 3)
    for (const { ledger, others } of steps) {
      assert.deepStrictEqual(others, undisturbed.others)
      assert.deepStrictEqual(ledger, undisturbed.ledger)
    }
  })
})

// as many seeds as fit into this time, and never fewer than what reaches everything
const budget = 10_000
const leastSeeds = 550
const leastOfEach = 1

// a crash, pauses, faults of the server and of the store in one run
const seedOfMuch = 233
