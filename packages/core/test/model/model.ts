/**
 * The table of the model, or what one search finds.
 *
 *   npm run model                                        every fault alone, on every kind of server
 *   npm run model -- --pairs                             every two faults
 *   npm run model -- --processes 3 --renewals 3          larger
 *   npm run model -- --without settle                    with a rule taken out
 *   npm run model -- --trace strict pause=1 store=1      the shortest traces of one search
 */
import { parseArgs } from "node:util"
import type { Server } from "./AsBuilt.ts"
import * as Search from "./Search.ts"
import * as State from "./State.ts"

const servers: ReadonlyArray<Server> = ["static", "strict", "idempotent", "sibling"]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    without: { type: "string", multiple: true, default: [] },
    processes: { type: "string", default: "2" },
    renewals: { type: "string", default: "2" },
    pairs: { type: "boolean", default: false },
    trace: { type: "boolean", default: false }
  }
})

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const known = <A extends string>(names: ReadonlyArray<A>, name: string): A => {
  const found = names.find((other) => other === name)
  if (found !== undefined) return found
  process.stderr.write(`Unknown: ${name}. Known: ${names.join(", ")}.\n`)
  process.exit(2)
}

const without = new Set(values.without.map((name) => known(State.rules, name)))
const run = (server: Server, faults: ReadonlyArray<State.Fault>): Search.Result =>
  Search.run(
    { server, without, processes: Number(values.processes), pairs: Number(values.renewals) },
    Search.budget(faults)
  )

if (values.trace) {
  const [server = "strict", ...given] = positionals
  const faults = given.flatMap((entry) => {
    const [name = "", count = "1"] = entry.split("=")
    return Array.from({ length: Number(count) }, () => known(State.faults, name))
  })
  const { states, traces } = run(known(servers, server), faults)
  print(`${states} states`)
  for (const [what, trace] of Object.entries(traces)) print(`\n${what}:\n  ${trace.join("\n  ")}`)
} else {
  const single = State.faults.map((fault) => [fault])
  const double = State.faults.flatMap((one, at) => State.faults.slice(at).map((other) => [one, other]))
  print(`${"".padEnd(30)}${servers.map((server) => server.padEnd(34)).join("")}`)
  for (const faults of values.pairs ? double : [[], ...single]) {
    const cells = servers.map((server) => {
      const { states, traces } = run(server, faults)
      const found = Object.entries(traces).map(([what, trace]) => `${what} in ${trace.length}`).join(", ")
      return `${found || "-"} (${states} states)`.padEnd(34)
    })
    print(`${(faults.join(" + ") || "no fault").padEnd(30)}${cells.join("")}`.trimEnd())
  }
}
