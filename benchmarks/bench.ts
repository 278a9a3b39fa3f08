// Runs the workloads, every contender in a process of its own, the rounds interleaved, and prints medians and ratios.
//
//   npm run bench -- [W1 W5 ...] [--json] [--rounds 5] [--minutes 25] [--only stubbed]
//                                       each workload has its share of the minutes: it begins no round that it cannot
//                                       end within it, but the first
//   npm run bench -- --short --gate     a third of the work, the best of the rounds; fails when a figure of ours
//                                       stands more than a third above baseline.json
//   npm run bench -- --baseline         writes baseline.json from a short run: the entries of the workloads that were run
//   npm run bench -- --docs             writes the table of docs/performance.md: of the workloads that were run
//
// With `--json` the last line is one JSON object.
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs, promisify } from "node:util"
import { median } from "./measure.ts"
import * as Needs from "./needs.ts"
import * as Table from "./table.ts"
import type { Contender, InTurns, Need, Sample, Scale, Workload } from "./Workload.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    baseline: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
    minutes: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string" }
  }
})
const scale: Scale = values.short || values.baseline ? "short" : "full"
const asked = Number(values.rounds ?? 5)
const began = performance.now()
const minutes = Number(values.minutes ?? 25)
const baselineFile = path.join(import.meta.dirname, "baseline.json")

const available = fs.readdirSync(path.join(import.meta.dirname, "workloads")).map((file) => path.parse(file).name)
  .sort()
const chosen = positionals.length > 0 ? positionals : available
const unknown = chosen.filter((name) => !available.includes(name))
if (unknown.length > 0 || !(asked >= 1) || !(minutes > 0)) {
  console.error(
    unknown.length > 0
      ? `Unknown workload: ${unknown.join(", ")}. There are ${available.join(", ")}.`
      : "--rounds takes a number from 1 on, and --minutes one above none."
  )
  process.exit(2)
}

const sampleOf = async (name: string, index: number): Promise<Sample | InTurns> => {
  const flags = ["--expose-gc", "--min-semi-space-size=128", "--max-semi-space-size=256", "--no-warnings"]
  const child = path.join(import.meta.dirname, "child.ts")
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, child, name, String(index), scale])
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")
}

const isInTurns = (sample: Sample | InTurns): sample is InTurns => typeof sample["is"] === "object"

// Noise only ever adds: where a short run has to do, the best of them says most.
const typical = (numbers: ReadonlyArray<number>): number => scale === "short" ? Math.min(...numbers) : median(numbers)

const round = (number: number): number => Number(number.toPrecision(4))

const started = new Map<Need, Needs.Started | undefined>()

/** Whether this machine has what a contender needs; started by the first that asks. */
const isReady = async ({ needs = [] }: Contender): Promise<boolean> => {
  for (const need of needs) {
    if (started.has(need)) continue
    const place = await Needs.start[need]()
    started.set(need, place)
    if (place === undefined) console.log(`${need} is not here: what needs it is passed over`)
    else process.env[Needs.variable(need)] = place.at
  }
  return needs.every((need) => started.get(need) !== undefined)
}

/** Milliseconds since the start of all. */
const elapsed = (): number => performance.now() - began

const measure = async (name: string, workload: Workload, most: number, share: number) => {
  const { cpu = ["ns"], metrics, reach, steady, title, wall = ["ms"] } = workload
  const start = elapsed()
  const all = workload.contenders.filter(({ long, name }) =>
    (scale === "full" || long !== true) && (values.only === undefined || name.includes(values.only))
  )
  const contenders: Array<Contender> = []
  for (const contender of all) if (await isReady(contender)) contenders.push(contender)
  if (contenders.length === 0) return undefined
  const wanted = scale === "short" && steady ? 1 : most
  const samples = contenders.map((): Array<Sample> => [])
  const floors = contenders.map((): Array<Sample> => [])
  let rounds = 0
  // all rounds take about as long as the first
  while (rounds < wanted && (rounds === 0 || (elapsed() - start) * (rounds + 1) / rounds <= share)) {
    rounds++
    for (const [index, contender] of contenders.entries()) {
      const sample = await sampleOf(name, workload.contenders.indexOf(contender))
      samples[index]?.push(isInTurns(sample) ? sample.is : sample)
      if (isInTurns(sample)) floors[index]?.push(sample.floor)
    }
  }
  const keys = Object.keys(metrics)
  const medians = contenders.map((_, index) =>
    Object.fromEntries(keys.map((key) => [key, typical((samples[index] ?? []).map((sample) => sample[key] ?? NaN))]))
  )
  const valueOf = (contender: string, key: string): number =>
    medians[contenders.findIndex((candidate) => candidate.name === contender)]?.[key] ?? NaN
  const floorOf = ({ over }: Contender): string => over ?? contenders[0]?.name ?? ""
  // a contender that took turns with its floor is judged by what that cost in the same process
  const besideFloor = (contender: string, key: string): number | undefined => {
    const index = contenders.findIndex(({ name }) => name === contender)
    const beside = floors[index] ?? []
    // what was not measured of the floor beside it is taken from the floor's own process
    if (beside[0]?.[key] === undefined) return undefined
    return typical((samples[index] ?? []).map((sample, round) => (sample[key] ?? NaN) / (beside[round]?.[key] ?? NaN)))
  }
  const over = (contender: string, other: string, key: string): number => {
    const find = (name: string) => contenders.find((candidate) => candidate.name === name)
    const [one, two] = [find(contender), find(other)]
    const [mine, theirs] = [besideFloor(contender, key), besideFloor(other, key)]
    if (one !== undefined && mine !== undefined && floorOf(one) === other) return mine
    return one !== undefined && two !== undefined && mine !== undefined && theirs !== undefined &&
        floorOf(one) === floorOf(two)
      ? mine / theirs
      : valueOf(contender, key) / valueOf(other, key)
  }
  const [headline = ""] = keys
  const ours = contenders.find((contender) => contender.kind === "ours")
  // only what is judged against the same floor is a peer
  const peer = contenders
    .filter((contender) => contender.kind === "peer" && ours !== undefined && floorOf(contender) === floorOf(ours))
    .sort((a, b) => valueOf(a.name, headline) - valueOf(b.name, headline)).at(0)
  const ratio = (other: string | undefined): number | null =>
    ours === undefined || other === undefined ? null : round(over(ours.name, other, headline))
  const isHere = (contender: string): boolean => contenders.some(({ name }) => name === contender)
  const reached = reach
    .filter((goal) => isHere(goal.contender) && (goal.over === undefined || isHere(goal.over)))
    .map((goal) => {
      const is = round(
        goal.over === undefined
          ? valueOf(goal.contender, goal.metric)
          : over(goal.contender, goal.over, goal.metric)
      )
      return { ...goal, is, reached: is <= goal.atMost }
    })

  const seconds = Math.round((elapsed() - start) / 1000)
  console.log(`\n${name}  ${title} (${scale === "short" ? "best" : "median"} of ${rounds}, ${seconds} s)`)
  for (const [index, contender] of contenders.entries()) {
    const cells = keys.flatMap((key) => {
      const value = medians[index]?.[key] ?? NaN
      return Number.isNaN(value)
        ? []
        : [
          `${value.toFixed(1).padStart(10)} ${metrics[key]} (${
            over(contender.name, floorOf(contender), key).toFixed(2)
          } x)`
        ]
    })
    console.log(`  ${contender.kind.padEnd(5)} ${contender.name.padEnd(46)} ${cells.join("  ")}`)
  }
  for (const goal of reached) {
    const other = goal.over === undefined ? "" : ` x ${goal.over}`
    console.log(
      `  ${
        goal.reached ? "reached" : "MISSED "
      } ${goal.contender}: ${goal.metric} ${goal.is}${other} (at most ${goal.atMost})`
    )
  }

  return {
    title,
    rounds,
    seconds,
    ratioToFloor: ratio(contenders[0]?.name),
    ratioToBestPeer: ratio(peer?.name),
    bestPeer: peer?.name ?? null,
    reach: reached,
    reached: ours !== undefined && reached.every((goal) => goal.reached),
    metrics,
    cpu,
    wall,
    contenders: Object.fromEntries(
      contenders.map((contender, index) => [contender.name, {
        kind: contender.kind,
        over: floorOf(contender),
        values: Object.fromEntries(keys.map((key) => [key, round(medians[index]?.[key] ?? NaN)])),
        ratios: Object.fromEntries(
          keys.map((key) => [key, round(over(contender.name, floorOf(contender), key))])
        )
      }])
    )
  }
}

type Result = NonNullable<Awaited<ReturnType<typeof measure>>>

/**
 * What a baseline keeps of our own contenders: CPU time as a ratio to the floor, as it does not travel between machines;
 * bytes and counts as they are. Wall time is left out.
 */
const figuresOf = (results: Readonly<Record<string, Result>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(results).flatMap(([name, { contenders, cpu, wall }]) =>
      Object.entries(contenders).flatMap(([contender, { kind, ratios, values }]) =>
        kind !== "ours" ?
          [] :
          Object.keys(values).filter((metric) => !wall.includes(metric)).map((metric) =>
            [`${name} ${contender} ${metric}`, (cpu.includes(metric) ? ratios : values)[metric] ?? NaN] as const
          )
      )
    )
  )

const run = async (names: ReadonlyArray<string>, rounds: number): Promise<Record<string, Result>> => {
  const results: Record<string, Result> = {}
  for (const [index, name] of names.entries()) {
    const { workload }: { readonly workload: Workload } = await import(`./workloads/${name}.ts`)
    const share = (minutes * 60_000 - elapsed()) / (names.length - index)
    const result = await measure(name, workload, rounds, scale === "short" ? Number.POSITIVE_INFINITY : share)
    if (result !== undefined) results[name] = result
  }
  return results
}

/** The figures that stand more than a third above the baseline's. What the baseline has and nobody measured is one. */
const regressions = (figures: Record<string, number>, baseline: Record<string, number>): ReadonlyArray<string> =>
  Object.entries(baseline).filter(([key, before]) => !((figures[key] ?? NaN) <= before * 4 / 3)).map(([key]) => key)

const results = await run(chosen, asked)

const baselineOf = (isMeant: (workload: string) => boolean): Record<string, number> => {
  const all: Record<string, number> = JSON.parse(fs.readFileSync(baselineFile, "utf8"))
  return Object.fromEntries(Object.entries(all).filter(([key]) => isMeant(workloadOf(key))))
}

const workloadOf = (key: string): string => key.split(" ")[0] ?? ""

if (values.baseline) {
  const figures = { ...baselineOf((workload) => !chosen.includes(workload)), ...figuresOf(results) }
  // by workload; what was measured of each stays in its order
  const sorted = Object.entries(figures).sort(([one], [other]) => workloadOf(one).localeCompare(workloadOf(other)))
  fs.writeFileSync(baselineFile, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
}
if (values.gate) {
  const baseline = baselineOf((workload) => chosen.includes(workload))
  let last = results
  let worse = regressions(figuresOf(results), baseline)
  // a busy machine makes some runs slow, a regression every run
  for (let again = 0; again < 3 && worse.length > 0; again++) {
    last = await run([...new Set(worse.map(workloadOf))], asked)
    const still = regressions(figuresOf(last), baseline)
    worse = worse.filter((key) => still.includes(key))
  }
  for (const key of worse) console.log(`REGRESSION ${key}: ${figuresOf(last)[key]}, was ${baseline[key]}`)
  console.log(`${Object.keys(baseline).length - worse.length} passed, ${worse.length} failed, 0 skipped`)
  process.exitCode = worse.length > 0 ? 1 : 0
}
const [cpu] = os.cpus()
const machine = `${os.type()} ${os.arch()}, ${os.cpus().length} x ${cpu?.model.trim()}, Node ${process.version}`
const date = new Date().toISOString()
if (values.docs) {
  Table.write(path.join(import.meta.dirname, "../docs/performance.md"), {
    date,
    machine,
    workloads: results
  })
}
const seconds = Math.round(elapsed() / 1000)
if (values.json) console.log(JSON.stringify({ date, machine, seconds, workloads: results }))
for (const place of started.values()) await place?.stop()
