import { assert, describe, it } from "@effect/vitest"
import { breaches } from "./Invariants.ts"
import { classes } from "./Plan.ts"
import * as Simulation from "./Simulation.ts"
import * as Tally from "./Tally.ts"

describe("a simulation", () => {
  it("keeps every invariant, whatever goes wrong [I1-I12]", { timeout: 300_000 }, () => {
    const tally = Tally.empty()
    for (let seed = classes; seed < 2 * classes; seed++) Tally.add(tally, seed)

    assert.deepStrictEqual(tally.wrong, [])
  })

  it("repeats with its seed, step by step", () => {
    const [once, again] = [seedOfMuch, seedOfMuch].map((seed) => Simulation.run(seed, { aloud: true }))

    assert.isTrue(once !== undefined && once.trace.length > 0)
    assert.deepStrictEqual(again?.trace, once?.trace)
    assert.deepStrictEqual(again?.ledger, once?.ledger)
  })

  it("renews once for everyone where nothing goes wrong [I5]", () => {
    const changes = { focus: "nothing", noise: 0 } as const
    const facts = Array.from({ length: 12 }, (_, index) => Simulation.run(index + 1, { changes }))

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

// a crash, pauses, faults of the server and of the store in one run
const seedOfMuch = 233
