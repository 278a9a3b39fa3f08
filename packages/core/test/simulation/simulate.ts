// Simulates many seeds on every core, or one seed aloud:
//
//   npm run simulate -- --seeds 20000 [--from 1]      so many seeds
//   npm run simulate -- --seed N                      one, told aloud
//
// With --gate it is not enough that nothing is wrong: everything in `Coverage.ts` must have been reached 50 times, or
// once in 500 seeds where those are fewer than 25,000, and once at least. It is a number of seeds and not of seconds, so that the gate is the
// same on every machine.
// The least reached is always printed, all of it with --coverage.
//
// Ends with 1 when an invariant was broken, and prints each seed that did it; a seed replays alone.
import * as os from "node:os"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { breaches } from "./Invariants.ts"
import { plan } from "./Plan.ts"
import { run } from "./Simulation.ts"
import * as Tally from "./Tally.ts"

/** Which seeds a worker runs: every `step`th. */
interface Share {
  readonly from: number
  readonly to: number
  readonly step: number
}

const least = 50

const work = (share: Share): void => {
  const tally = Tally.empty()
  for (let seed = share.from; seed < share.to; seed += share.step) Tally.add(tally, seed)
  // a port to the parent thread, not a window: there is no origin to name
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(tally)
}

const replay = (seed: number): void => {
  const facts = run(seed, { aloud: true })
  const wrong = breaches(facts)
  console.log(Tally.format(facts))
  console.log(facts.plan)
  console.log(wrong.length === 0 ? "nothing is wrong" : wrong.join("\n"))
  process.exitCode = wrong.length === 0 ? 0 : 1
}

const onEveryCore = async (shareOf: (index: number, of: number) => Share): Promise<Tally.Tally> => {
  const cores = os.availableParallelism()
  const tally = Tally.empty()
  const tallies = await Promise.all(
    Array.from({ length: cores }, (_, index) =>
      new Promise<Tally.Tally>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: shareOf(index, cores) })
        worker.on("message", resolve)
        worker.on("error", reject)
      }))
  )
  for (const other of tallies) Tally.merge(tally, other)
  tally.wrong.sort((a, b) => a.seed - b.seed)
  return tally
}

const report = (
  tally: Tally.Tally,
  options: { readonly all: boolean; readonly gate: boolean; readonly least: number }
): void => {
  const coverage = Tally.coverage(tally)
  console.log(options.all ? "what was reached, the rarest first:" : "what was reached least:")
  for (const [name, times] of options.all ? coverage : coverage.slice(0, 12)) {
    console.log(`${String(times).padStart(9)}  ${name}`)
  }
  for (const { breaches: [first], seed } of tally.wrong.slice(0, 50)) {
    console.log(`seed ${seed} (${plan(seed).focus}, ${plan(seed).rotation}): ${first}`)
  }
  const [first] = tally.wrong
  if (first !== undefined) {
    const facts = run(first.seed, { aloud: true })
    console.log(
      `\n${Tally.format(facts)}\n${first.breaches.join("\n")}\nagain by: npm run simulate -- --seed ${first.seed}`
    )
  }
  const missing = coverage.filter(([, times]) => times < options.least).length
  if (options.gate && missing > 0) {
    console.log(`${missing} of ${coverage.length} were reached fewer than ${options.least} times`)
    process.exitCode = 1
  }
  if (tally.wrong.length > 0) process.exitCode = 1
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    coverage: { type: "boolean", default: false },
    gate: { type: "boolean", default: false }
  }
})

if (!isMainThread) work(workerData)
else if (values.seed !== undefined) replay(Number(values.seed))
else {
  const started = performance.now()
  const from = Number(values.from)
  const tally = await onEveryCore((index, step) => ({ from: from + index, to: from + Number(values.seeds), step }))
  report(tally, {
    all: values.coverage,
    gate: values.gate,
    least: Math.max(1, Math.min(least, Math.floor(Number(values.seeds) / 500)))
  })
  const took = (performance.now() - started) / 1000
  console.log(`${tally.seeds} seeds in ${took.toFixed(1)} s, ${tally.wrong.length} of them broken`)
}
