// Simulates many seeds on every core, or one seed aloud:
//
//   npm run simulate -- [--seeds 20000] [--from 1] [--seed N]
//
// Ends with 1 when an invariant was broken, and prints each seed that did it; a seed replays alone.
import * as os from "node:os"
import { parseArgs } from "node:util"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { breaches } from "./Invariants.ts"
import { run } from "./Simulation.ts"
import * as Tally from "./Tally.ts"

interface Share {
  readonly from: number
  readonly to: number
  readonly step: number
}

const work = (share: Share): void => {
  const tally = Tally.empty()
  for (let seed = share.from; seed < share.to; seed += share.step) Tally.add(tally, seed)
  // a port to the parent thread, not a window: there is no origin to name
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(tally)
}

const replay = (seed: number): void => {
  const facts = run(seed)
  const wrong = breaches(facts)
  console.log(Tally.format(facts))
  console.log(facts.plan)
  console.log(wrong.length === 0 ? "nothing is wrong" : wrong.join("\n"))
  process.exitCode = wrong.length === 0 ? 0 : 1
}

const many = async (from: number, seeds: number): Promise<void> => {
  const started = performance.now()
  const step = os.availableParallelism()
  const tallies = await Promise.all(
    Array.from({ length: step }, (_, index) =>
      new Promise<Tally.Tally>((resolve, reject) => {
        const share: Share = { from: from + index, to: from + seeds, step }
        const worker = new Worker(new URL(import.meta.url), { workerData: share })
        worker.on("message", resolve)
        worker.on("error", reject)
      }))
  )
  const tally = Tally.empty()
  for (const other of tallies) Tally.merge(tally, other)

  const pairs = Tally.pairs(tally)
  console.log("fault / rotation policy, the rarest first:")
  for (const [pair, count] of pairs) console.log(`${String(count).padStart(9)}  ${pair}`)
  console.log("judgements and conclusions:")
  for (const row of new Set([...Tally.rows, ...tally.rows.keys()])) {
    console.log(`${String(tally.rows.get(row) ?? 0).padStart(9)}  ${row}`)
  }
  tally.wrong.sort((a, b) => a.seed - b.seed)
  for (const { breaches: [first], seed } of tally.wrong.slice(0, 50)) console.log(`seed ${seed}: ${first}`)
  const [first] = tally.wrong
  if (first !== undefined) {
    console.log(`\n${Tally.format(run(first.seed))}\n${first.breaches.join("\n")}\nagain by: --seed ${first.seed}`)
  }
  const seconds = (performance.now() - started) / 1000
  console.log(`${tally.seeds} seeds in ${seconds.toFixed(1)} s, ${tally.wrong.length} of them broken`)
  process.exitCode = tally.wrong.length === 0 ? 0 : 1
}

if (isMainThread) {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, from: { type: "string" }, seed: { type: "string" } }
  })
  if (values.seed !== undefined) replay(Number(values.seed))
  else await many(Number(values.from ?? 1), Number(values.seeds ?? 20_000))
} else work(workerData)
