/** Asks the witness of a rule: ends with 0 when it is content, with 3 when it is not. */
import * as Search from "../model/Search.ts"
import { breaches } from "../simulation/Invariants.ts"
import { Livelock } from "../simulation/Machine.ts"
import { classes, classOf } from "../simulation/Plan.ts"
import { run } from "../simulation/Simulation.ts"
import { type Rule, rules } from "./Rules.ts"

const unhappy = ({ witness }: Rule): string | undefined => {
  switch (witness.by) {
    case "model": {
      const { faults, processes = 2, server, shows } = witness
      const { traces } = Search.run({ server, processes, pairs: 2, without: new Set() }, Search.budget(faults))
      const trace = traces[shows]
      return trace === undefined ? undefined : `${shows} in ${trace.length}: ${trace.join("; ")}`
    }
    case "simulation": {
      const { breaks, focus, rotation, seeds } = witness
      for (let round = 0; round < seeds; round++) {
        const seed = classOf(rotation, focus) + classes * round
        const breach = breachesOf(seed).find((line) => line.startsWith(breaks))
        if (breach !== undefined) return `seed ${seed}: ${breach}`
      }
      return undefined
    }
  }
}

const breachesOf = (seed: number): ReadonlyArray<string> => {
  try {
    return breaches(run(seed))
  } catch (error) {
    if (error instanceof Livelock) return [`I9: ${error.message}`]
    throw error
  }
}

const rule = rules.find(({ name }) => name === process.argv[2])
if (rule === undefined) throw new Error(`There is no rule ${process.argv[2]}`)
const what = unhappy(rule)
if (what !== undefined) {
  process.stdout.write(`${what}\n`)
  process.exitCode = 3
}
