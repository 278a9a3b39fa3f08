/**
 * The table of the model, or one trace of it.
 *
 *   npm run model [-- --without RULE …] [--processes 3] [--pairs 3] [--deep]
 *   npm run model -- --trace SERVER FAULT=1 … [--of lost] [--without RULE …]
 */
import { parseArgs } from "node:util"
import type { Server } from "./AsBuilt.ts"
import * as Protocol from "./Protocol.ts"
import * as Search from "./Search.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    without: { type: "string", multiple: true, default: [] },
    processes: { type: "string", default: "2" },
    pairs: { type: "string", default: "2" },
    deep: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    of: { type: "string", default: "lost" }
  }
})

const options = (server: Server): Protocol.Options => ({
  server,
  processes: Number(values.processes),
  pairs: Number(values.pairs),
  without: new Set(values.without.flatMap((name) => Protocol.rules.filter((rule) => rule === name)))
})

if (values.trace) {
  const [server = "strict", ...given] = positionals
  const budget = Object.fromEntries(given.map((entry) => entry.split("=")).map(([name, n]) => [name, Number(n ?? 1)]))
  const result = Search.run(options(server as Server), budget)
  console.log(`${result.states} states`)
  for (const [what, trace] of Object.entries(result.traces)) console.log(`\n${what}:\n  ${trace.join("\n  ")}`)
} else {
  const singles = Protocol.faults.map((fault): Protocol.Budget => ({ [fault]: 1 }))
  const servers = ["static", "strict", "idempotent", "sibling"] as const
  for (const budget of [{}, ...singles]) {
    const started = performance.now()
    const cells = servers.map((server) => {
      const { states, traces } = Search.run(options(server), budget)
      const found = Object.entries(traces).map(([what, trace]) => `${what} ${trace.length}`)
      return `${found.length === 0 ? "ok" : found.join(", ")} (${states})`.padEnd(34)
    })
    const name = Object.keys(budget).join(" + ") || "no fault"
    console.log(`${name.padEnd(14)} ${cells.join("")}${((performance.now() - started) / 1000).toFixed(1)} s`)
  }
}
