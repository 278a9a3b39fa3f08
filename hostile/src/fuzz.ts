/**
 * Gives everything that reads what strangers write arbitrary bytes and changed valid ones:
 *
 *     npm run fuzz -- --minutes 5            by chance, led by what is reached
 *     npm run fuzz -- --cases 200000         so many cases, the same each time
 *     npm run fuzz -- --seed id-token:1234   one case again, aloud
 *     npm run fuzz -- --input id-token:ZTMw  one input again, aloud; base64url
 *
 * `--target` keeps to one target, `--from` is the first seed. The last line is one JSON object; with `--json` it is the
 * only one on the standard output. The exit code is 1 where a case ended in anything but a success or a typed error,
 * took too long, or left a rejection that nobody handled.
 */
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Coverage from "./fuzz/Coverage.ts"
import { mutate } from "./fuzz/Mutation.ts"
import * as Random from "./fuzz/Random.ts"
import * as Run from "./fuzz/Run.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    cases: { type: "string", default: "20000" },
    seed: { type: "string" },
    input: { type: "string" },
    from: { type: "string", default: "1" },
    target: { type: "string" },
    json: { type: "boolean", default: false }
  }
})

const say = (line: string) => values.json ? process.stderr.write(`${line}\n`) : console.log(line)
const targets = Run.targets.filter(({ name }) => values.target === undefined || name === values.target)
const shown = (input: Uint8Array) => JSON.stringify(Buffer.from(input).toString("latin1").slice(0, 500))

const one = values.seed ?? values.input
if (one !== undefined) {
  const [name = "", rest = ""] = one.split(":", 2)
  const target = Run.targets.find((target) => target.name === name)
  if (target === undefined) {
    console.error(`Targets: ${Run.targets.map(({ name }) => name).join(", ")}.`)
    process.exit(2)
  }
  const input = values.seed === undefined ? Buffer.from(rest, "base64url") : Run.inputOf(target, Number(rest))
  say(shown(input))
  try {
    console.log(await Run.attempt(target, input))
  } catch (error) {
    console.log(error instanceof Error ? error.message : error)
    process.exit(1)
  }
  process.exit(0)
}

if (targets.length === 0) {
  console.error(`Targets: ${Run.targets.map(({ name }) => name).join(", ")}.`)
  process.exit(2)
}

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** What is in use once everything that is not has been collected. */
const heap = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

// what the caches of the readers may come to, many times over
const mostGrowthMb = 64

let unhandled = 0
process.on("unhandledRejection", () => void unhandled++)

const tally: Run.Tally = { cases: 0, accepted: 0, refused: 0, slowestMillis: 0, findings: [] }
const started = performance.now()
let parts: number | undefined

for (const target of targets) {
  for (const seed of Run.seedsOf(target)) await Run.count(tally, target, seed)
}
const heapBefore = heap()

if (values.minutes === undefined) {
  const cases = Number(values.cases)
  for (let seed = Number(values.from); tally.cases < cases; seed++) {
    const target = targets[seed % targets.length]
    if (target !== undefined) await Run.count(tally, target, Run.inputOf(target, seed), seed)
  }
} else {
  const coverage = await Coverage.make()
  const random = Random.make(values.from === "1" ? Date.now() : Number(values.from))
  const corpora = new Map(targets.map((target) => [target, [...Run.seedsOf(target)]]))
  const until = started + Number(values.minutes) * 60_000
  let told = started
  while (performance.now() < until && tally.findings.length < 20) {
    const target = random.of(targets)
    const corpus = corpora.get(target) ?? []
    const batch = Array.from({ length: 100 }, () => mutate(random, random.of(corpus), target.shape, corpus))
    for (const input of batch) await Run.count(tally, target, input)
    if (await coverage.more() > 0) {
      // which of them it was is not known: each may lead further, and the oldest make room
      corpus.push(...batch.filter(() => random.onceIn(10)))
      const seeds = target.seeds.length
      if (corpus.length > 400) corpus.splice(seeds, corpus.length - 400)
    }
    if (performance.now() - told > 30_000) {
      told = performance.now()
      say(`${tally.cases} cases, ${coverage.size()} parts reached, ${tally.findings.length} findings`)
    }
  }
  parts = coverage.size()
}

// a rejection is told in the next turn
await new Promise((resolve) => setTimeout(resolve, 50))
const heapGrowthMb = Math.round((heap() - heapBefore) / 1_048_576)
if (heapGrowthMb > mostGrowthMb) say(`FINDING: ${heapGrowthMb} MB more are in use than before`)

for (const { input, problem, seed, target } of tally.findings) {
  say(`FINDING ${target}: ${problem.slice(0, 2_000)}\n  ${shown(input)}`)
  say(
    seed === undefined
      ? `  npm run fuzz -- --input ${target}:${Buffer.from(input).toString("base64url").slice(0, 20_000)}`
      : `  npm run fuzz -- --seed ${target}:${seed}`
  )
}
console.log(JSON.stringify({
  targets: targets.length,
  cases: tally.cases,
  accepted: tally.accepted,
  refused: tally.refused,
  findings: tally.findings.length,
  unhandled,
  slowestMillis: Math.round(tally.slowestMillis),
  heapGrowthMb,
  ...(parts === undefined ? {} : { partsReached: parts }),
  seconds: Math.round((performance.now() - started) / 1000)
}))
process.exit(tally.findings.length > 0 || unhandled > 0 || heapGrowthMb > mostGrowthMb ? 1 : 0)
