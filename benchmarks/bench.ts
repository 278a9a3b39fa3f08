// Runs the workloads, every contender in a process of its own, the rounds interleaved, and prints medians and ratios.
//
//   npm run bench -- [W1 W5 ...] [--json] [--rounds 5]
//   npm run bench -- --short --gate     a third of the work, the best of the rounds; fails when a figure of ours
//                                       stands more than a third above baseline.json
//   npm run bench -- --baseline         writes baseline.json from a short run
//
// With `--json` the last line is one JSON object.
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs, promisify } from "node:util"
import type { Sample, Scale, Workload } from "./Workload.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    baseline: { type: "boolean", default: false },
    rounds: { type: "string" }
  }
})
const scale: Scale = values.short || values.baseline ? "short" : "full"
const asked = Number(values.rounds ?? 5)
const baselineFile = path.join(import.meta.dirname, "baseline.json")

const available = fs.readdirSync(path.join(import.meta.dirname, "workloads")).map((file) => path.parse(file).name)
  .sort()
const chosen = positionals.length > 0 ? positionals : available
const unknown = chosen.filter((name) => !available.includes(name))
if (unknown.length > 0 || !(asked >= 1)) {
  console.error(
    unknown.length > 0
      ? `Unknown workload: ${unknown.join(", ")}. There are ${available.join(", ")}.`
      : "--rounds takes a number from 1 on."
  )
  process.exit(2)
}

const sampleOf = async (name: string, index: number): Promise<Sample> => {
  const flags = ["--expose-gc", "--min-semi-space-size=128", "--max-semi-space-size=256", "--no-warnings"]
  const child = path.join(import.meta.dirname, "child.ts")
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, child, name, String(index), scale])
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")
}

const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2
}

// Noise only ever adds: where a short run has to do, the best of them says most.
const typical = (numbers: ReadonlyArray<number>): number => scale === "short" ? Math.min(...numbers) : median(numbers)

const round = (number: number): number => Number(number.toPrecision(4))

const measure = async (name: string, { contenders, metrics, reach, steady, title }: Workload, most: number) => {
  const rounds = scale === "short" && steady ? 1 : most
  const samples = contenders.map((): Array<Sample> => [])
  for (let done = 0; done < rounds; done++) {
    for (const [index] of contenders.entries()) samples[index]?.push(await sampleOf(name, index))
  }
  const keys = Object.keys(metrics)
  const medians = contenders.map((_, index) =>
    Object.fromEntries(keys.map((key) => [key, typical((samples[index] ?? []).map((sample) => sample[key] ?? NaN))]))
  )
  const valueOf = (contender: string, key: string): number =>
    medians[contenders.findIndex((candidate) => candidate.name === contender)]?.[key] ?? NaN
  const [headline = ""] = keys
  const [floor] = contenders
  const first = (kind: string) =>
    contenders.filter((contender) => contender.kind === kind)
      .sort((a, b) => valueOf(a.name, headline) - valueOf(b.name, headline)).at(0)
  const ours = contenders.find((contender) => contender.kind === "ours")
  const peer = first("peer")
  const ratio = (over: { readonly name: string } | undefined): number | null =>
    ours === undefined || over === undefined ? null : round(valueOf(ours.name, headline) / valueOf(over.name, headline))
  const reached = reach.map((goal) => ({
    ...goal,
    is: round(valueOf(goal.contender, goal.metric) / (goal.over === undefined ? 1 : valueOf(goal.over, goal.metric)))
  }))

  console.log(`\n${name}  ${title} (${scale === "short" ? "best" : "median"} of ${rounds})`)
  for (const [index, contender] of contenders.entries()) {
    const cells = keys.map((key) => {
      const value = medians[index]?.[key] ?? NaN
      return `${value.toFixed(1).padStart(10)} ${metrics[key]} (${
        (value / valueOf(floor?.name ?? "", key)).toFixed(2)
      } x)`
    })
    console.log(`  ${contender.kind.padEnd(5)} ${contender.name.padEnd(40)} ${cells.join("  ")}`)
  }
  for (const goal of reached) {
    const verdict = goal.is <= goal.atMost ? "reached" : "MISSED "
    const over = goal.over === undefined ? "" : ` x ${goal.over}`
    console.log(`  ${verdict} ${goal.contender}: ${goal.metric} ${goal.is}${over} (at most ${goal.atMost})`)
  }

  return {
    ratioToFloor: ratio(floor),
    ratioToBestPeer: ratio(peer),
    bestPeer: peer?.name ?? null,
    reach: reached,
    reached: ours !== undefined && reached.every((goal) => goal.is <= goal.atMost),
    contenders: Object.fromEntries(
      contenders.map(({ kind, name: contender }, index) => [contender, {
        kind,
        values: Object.fromEntries(keys.map((key) => [key, round(medians[index]?.[key] ?? NaN)])),
        ratios: Object.fromEntries(
          keys.map((key) => [key, round((medians[index]?.[key] ?? NaN) / valueOf(floor?.name ?? "", key))])
        )
      }])
    )
  }
}

type Result = Awaited<ReturnType<typeof measure>>

/**
 * What a baseline keeps of our own contenders: CPU time as a ratio to the floor, as it does not travel between machines;
 * bytes as they are. Wall time is left out.
 */
const figuresOf = (results: Readonly<Record<string, Result>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results).flatMap(([name, { contenders }]) =>
      Object.entries(contenders).flatMap(([contender, { kind, ratios, values }]) =>
        kind !== "ours" ?
          [] :
          Object.keys(values).filter((metric) => metric !== "ms").map((metric) =>
            [`${name} ${contender} ${metric}`, (metric === "ns" ? ratios : values)[metric] ?? NaN] as const
          )
      )
    )
  )

const run = async (names: ReadonlyArray<string>, rounds: number): Promise<Record<string, Result>> => {
  const results: Record<string, Result> = {}
  for (const name of names) {
    const { workload }: { readonly workload: Workload } = await import(`./workloads/${name}.ts`)
    results[name] = await measure(name, workload, rounds)
  }
  return results
}

/** The figures that stand more than a third above the baseline's. What the baseline has and nobody measured is one. */
const regressions = (figures: Record<string, number>, baseline: Record<string, number>): ReadonlyArray<string> =>
  Object.entries(baseline).filter(([key, before]) => !((figures[key] ?? NaN) <= before * 4 / 3)).map(([key]) => key)

const results = await run(chosen, asked)

if (values.baseline) fs.writeFileSync(baselineFile, `${JSON.stringify(figuresOf(results), null, 2)}\n`)
if (values.gate) {
  const baseline: Record<string, number> = JSON.parse(fs.readFileSync(baselineFile, "utf8"))
  const suspects = regressions(figuresOf(results), baseline)
  // a busy machine makes one run slow, a regression every run
  const again = suspects.length === 0
    ? {}
    : await run([...new Set(suspects.map((key) => key.split(" ")[0] ?? ""))], asked * 2)
  const worse = suspects.filter((key) => regressions(figuresOf(again), baseline).includes(key))
  for (const key of worse) console.log(`REGRESSION ${key}: ${figuresOf(again)[key]}, was ${baseline[key]}`)
  console.log(`${Object.keys(baseline).length - worse.length} passed, ${worse.length} failed, 0 skipped`)
  process.exitCode = worse.length > 0 ? 1 : 0
}
if (values.json) {
  const [cpu] = os.cpus()
  const machine = `${os.type()} ${os.arch()}, ${os.cpus().length} x ${cpu?.model.trim()}, Node ${process.version}`
  console.log(JSON.stringify({ date: new Date().toISOString(), machine, workloads: results }))
}
