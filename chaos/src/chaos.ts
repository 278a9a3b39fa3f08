/**
 * Breaks everything but the machine, and counts what was lost:
 *
 *     npm run chaos -- --store postgres|redis|file --seconds 60 [--window 60] [--seed 7] [--ledger file] [--json]
 *
 * The last line is one JSON object. With `--json` it is the only one on the standard output. The exit code is 1 where a
 * grant was lost that should not have been, or a replaced token was presented that should not have been.
 */
import { Effect, References } from "effect"
import { parseArgs } from "node:util"
import * as Run from "./Run.ts"
import * as Settings from "./Settings.ts"
import * as Store from "./Store.ts"
import * as Way from "./Way.ts"

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "postgres" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    window: { type: "string", default: String(Settings.window / 1000) },
    ledger: { type: "string" },
    json: { type: "boolean", default: false }
  }
})

const kind = Way.kinds.find((kind) => kind === values.store)
const [seconds, window, seed] = [Number(values.seconds), Number(values.window), Number(values.seed)]
if (kind === undefined || !(seconds > 0 && window > 0) || Number.isNaN(seed)) {
  console.error(`--store is one of ${Way.kinds.join(", ")}; --seconds, --window and --seed are numbers.`)
  process.exit(2)
}
const missing = Store.missing(kind)
if (missing !== undefined) {
  console.error(`SKIPPED: chaos on ${kind}: ${missing}.`)
  console.log("0 passed, 0 failed, 1 skipped")
  process.exit(0)
}

const say = (line: string) => values.json ? process.stderr.write(`${line}\n`) : console.log(line)

const run = Effect.scoped(Run.run({
  store: kind,
  seconds,
  seed,
  window: window * 1000,
  ledger: values.ledger,
  say
}))
// outages are meant to be
const result = await Effect.runPromise(Effect.provideService(run, References.MinimumLogLevel, "Error"))

for (const fault of result.faults) say(`FAULT: ${fault}`)
console.log(JSON.stringify(result))
process.exitCode = result.faults.length > 0 ? 1 : 0
