/** The fuzzer itself: what it makes comes again, reaches both ends, and what is wrong is found. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Run from "../src/fuzz/Run.ts"
import type { Target } from "../src/fuzz/Target.ts"

describe("the fuzzer", { concurrent: false }, () => {
  it("makes the same input of the same seed", () => {
    for (const target of Run.targets) {
      assert.deepStrictEqual(Buffer.from(Run.inputOf(target, 7)), Buffer.from(Run.inputOf(target, 7)), target.name)
    }
  })

  for (const target of Run.targets) {
    it.live(`has a valid input of ${target.name}, and makes others that are taken and that are not`, () =>
      Effect.promise(async () => {
        const seeds: Array<string> = []
        for (const seed of Run.seedsOf(target)) seeds.push(await Run.attempt(target, seed))
        const made: Run.Tally = { cases: 0, accepted: 0, refused: 0, slowestMillis: 0, findings: [] }
        for (let seed = 1; seed <= 60; seed++) await Run.count(made, target, Run.inputOf(target, seed), seed)

        assert.include(seeds, "accepted")
        assert.deepStrictEqual(made.findings, [])
        assert.isAbove(made.accepted, 0)
        if (!total.has(target.name)) assert.isAbove(made.refused, 0)
      }))
  }

  const broken: Readonly<Record<string, readonly [run: Target["run"], problem: RegExp]>> = {
    "throws": [() => Effect.sync(() => decodeURIComponent("%")), /URI malformed/],
    "throws before it begins": [() => decodeURIComponent("%") as never, /URI malformed/],
    "rejects": [() => Effect.promise(() => Promise.reject(new Error("half"))), /half/],
    "dies": [() => Effect.die("no more"), /no more/],
    "interrupts itself": [() => Effect.interrupt, /interrupt/i],
    "fails with what is no error of ours": [() => Effect.fail("just words") as never, /untyped/]
  }
  for (const [name, [run, problem]] of Object.entries(broken)) {
    it.live(`finds a reader that ${name}`, () =>
      Effect.promise(async () => {
        const tally: Run.Tally = { cases: 0, accepted: 0, refused: 0, slowestMillis: 0, findings: [] }

        await Run.count(tally, { name: "broken", shape: "text", seeds: ["a"], run }, Buffer.from("a"), 7)

        assert.lengthOf(tally.findings, 1)
        assert.match(tally.findings[0]?.problem ?? "", problem)
        assert.strictEqual(tally.findings[0]?.seed, 7)
      }))
  }
})

/** What takes anything, and makes something of it. */
const total = new Set(["www-authenticate", "retry-after", "dialect-hook", "history", "scopes-and-targets", "sql-login"])
