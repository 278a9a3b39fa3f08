// Runs the steps of a ring, one line each, and ends with the sum of all suites:
//
//   node scripts/test.ts [check | test | all] [only these steps ...]
//
// `check` is the gate of every commit, `test` adds the short form of everything else, `all` everything.
// A step that counts its own tests has a line `N passed, M failed, K skipped` in its output (or tstyche's `Tests: …`);
// vitest's report is read from its JSON; any other step counts as one.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { fingerprint, forget, reportFile, stamp } from "./reports.ts"

const rings = ["check", "test", "all"] as const
type Ring = (typeof rings)[number]

interface Step {
  readonly name: string
  readonly ring: Ring
  readonly command: string
  /** What the ring `all` runs instead. */
  readonly long?: string
  readonly vitest?: boolean
  readonly env?: Record<string, string>
  /** Runs while another such step does: it waits for processes, browsers and clocks more than it computes. */
  readonly beside?: true
}

const root = path.resolve(import.meta.dirname, "..")

// TypeScript 7 has no classic API; without this, tstyche would fetch TypeScript 6 by itself.
const classic = pathToFileURL(path.join(root, "docs/node_modules/typescript/lib/typescript.js")).href

const steps: ReadonlyArray<Step> = [
  { ring: "check", name: "format", command: "dprint check" },
  { ring: "check", name: "barrels", command: "node scripts/barrels.ts --check" },
  { ring: "check", name: "catalogue", command: "node scripts/catalogue.ts --check" },
  // forced: an incremental build has been seen to stand by errors that are no more
  { ring: "check", name: "types", command: "tsc -b --force" },
  { ring: "check", name: "api", command: "node docs/api.ts --check" },
  { ring: "check", name: "lint", command: "oxlint --type-aware --deny-warnings" },
  { ring: "check", name: "dead code", command: "knip" },
  { ring: "check", name: "unit", command: "vitest run --exclude **/*.integration.test.ts", vitest: true },
  {
    ring: "check",
    name: "type tests",
    command: `tstyche --reporters list,summary,${path.join(root, "scripts/typeReport.ts")}`,
    env: { TSTYCHE_TYPESCRIPT_MODULE: classic }
  },
  { ring: "check", name: "docs", command: "node scripts/docs.ts" },
  { ring: "check", name: "examples", command: "node scripts/examples.ts" },
  { ring: "check", name: "size", command: "size-limit" },
  { ring: "test", name: "integration", command: "vitest run .integration.test. --project !hostile", vitest: true },
  { ring: "test", name: "conformance", command: "node scripts/conformance.ts --check" },
  {
    ring: "test",
    name: "runtimes",
    beside: true,
    command: "node runtimes/runtimes.ts --short",
    long: "node runtimes/runtimes.ts"
  },
  { ring: "test", name: "site", command: "node docs/build.ts --look", beside: true },
  { ring: "test", name: "demo", command: "node scripts/recording.ts", beside: true },
  { ring: "test", name: "hostile", command: "node hostile/src/hostile.ts --json", beside: true },
  {
    ring: "test",
    name: "canaries",
    command: "node hostile/src/canaries.ts --only library,crash --json",
    long: "node hostile/src/canaries.ts --only library,commands,crash,suites --json"
  },
  {
    ring: "test",
    name: "fuzz",
    command: "node hostile/src/fuzz.ts --cases 20000 --json",
    long: "node hostile/src/fuzz.ts --cases 200000 --from 1000001 --json"
  },
  {
    ring: "test",
    name: "soak",
    beside: true,
    command: "node hostile/src/soak.ts --minutes 1.3 --json",
    long: "node hostile/src/soak.ts --minutes 25 --json"
  },
  {
    ring: "test",
    name: "bench",
    command: "node benchmarks/bench.ts --short --gate --rounds 3",
    long: "node benchmarks/bench.ts --gate --json"
  },
  {
    ring: "test",
    name: "chaos",
    beside: true,
    command: "node chaos/src/chaos.ts --store postgres --seconds 12 --json",
    long: "node chaos/src/chaos.ts --store postgres --seconds 120 --json"
  },
  { ring: "all", name: "chaos redis", command: "node chaos/src/chaos.ts --store redis --seconds 120 --json" },
  { ring: "all", name: "chaos file", command: "node chaos/src/chaos.ts --store file --seconds 120 --json" },
  {
    ring: "test",
    name: "simulation",
    command: "node packages/core/test/simulation/simulate.ts --seeds 6000 --gate",
    long: "node packages/core/test/simulation/simulate.ts --seeds 20000 --gate"
  },
  {
    ring: "test",
    name: "rules",
    command: "node packages/core/test/rules/check.ts --short",
    long: "node packages/core/test/rules/check.ts --keep"
  },
  { ring: "all", name: "model", command: "node packages/core/test/model/model.ts" }
]

interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Outcome extends Tally {
  readonly name: string
  readonly output: string
  readonly seconds: number
}

const run = (
  { command, env }: Pick<Step, "command" | "env">
): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    const [program = "", ...args] = command.split(" ")
    const child = spawn(program, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "true", NO_COLOR: "1", ...env }
    })
    let output = ""
    child.stdout.on("data", (chunk) => output += chunk)
    child.stderr.on("data", (chunk) => output += chunk)
    child.on("error", (error) => resolve({ code: 1, output: `${output}${error.message}\n` }))
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })

const vitestTally = (report: string): Tally | undefined => {
  if (!fs.existsSync(report)) return undefined
  const json = JSON.parse(fs.readFileSync(report, "utf8"))
  return {
    passed: json.numPassedTests,
    failed: json.numFailedTests,
    skipped: json.numPendingTests + json.numTodoTests
  }
}

const printedTally = (output: string): Tally | undefined => {
  const line = /^(?:Tests: +)?((?:\d+ (?:passed|failed|skipped|todo|fixme), )*\d+ (?:skipped|total))$/m.exec(output)
    ?.[1]
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(line ?? "")?.[1] ?? 0)
  return line === undefined ? undefined : {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped") + count("todo") + count("fixme")
  }
}

const perform = async (step: Step): Promise<Outcome> => {
  const report = reportFile(step.name)
  forget(step.name)
  const of = fingerprint()
  const reporters = ` --reporter=default --reporter=json --outputFile=${report}`
  const started = performance.now()
  const { code, output } = await run({
    ...step,
    command: `${(ring === "all" ? step.long : undefined) ?? step.command}${step.vitest ? reporters : ""}`
  })
  const seconds = (performance.now() - started) / 1000
  if (fs.existsSync(report)) stamp(step.name, of)
  const tally = (step.vitest ? vitestTally(report) : printedTally(output)) ?? {
    passed: code === 0 ? 1 : 0,
    failed: code === 0 ? 0 : 1,
    skipped: 0
  }
  return { name: step.name, output, seconds, ...tally, failed: code === 0 ? tally.failed : Math.max(tally.failed, 1) }
}

const [ring = "check", ...only] = process.argv.slice(2)
const reach = rings.findIndex((name) => name === ring)
const unknown = only.filter((name) => !steps.some((step) => step.name === name))
if (reach < 0 || unknown.length > 0) {
  console.error(`Unknown ${reach < 0 ? `ring: ${ring}` : `step: ${unknown.join(", ")}`}.`)
  console.error(`Rings: ${rings.join(", ")}. Steps: ${steps.map((step) => step.name).join(", ")}.`)
  process.exit(2)
}

const outcomes: Array<Outcome> = []
const report = async (step: Step): Promise<void> => {
  const outcome = await perform(step)
  outcomes.push(outcome)
  if (outcome.failed > 0) console.log(`\n${outcome.output.trim()}\n`)
  const counts = `${outcome.passed} passed${outcome.failed > 0 ? `, ${outcome.failed} failed` : ""}${
    outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ""
  }`
  console.log(
    `${outcome.failed > 0 ? "FAIL" : "ok  "} ${step.name.padEnd(12)} ${
      outcome.seconds.toFixed(1).padStart(6)
    } s  ${counts}`
  )
}

const chosen = steps.filter(({ name, ring }) =>
  rings.indexOf(ring) <= reach && (only.length === 0 || only.includes(name))
)
for (const step of chosen) if (step.beside !== true) await report(step)
const waiting = chosen.filter(({ beside }) => beside === true)
const lane = async (): Promise<void> => {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await report(step)
}
await Promise.all([lane(), lane()])

const sum = (key: keyof Tally) => outcomes.reduce((total, outcome) => total + outcome[key], 0)
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`)
process.exitCode = sum("failed") > 0 ? 1 : 0
