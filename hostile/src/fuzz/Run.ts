/** Runs cases against targets, and finds those that end in no way a case may end. */
import { Cause, Clock, Effect, Exit, Logger, Option } from "effect"
import { inspect } from "node:util"
import * as Kept from "./Kept.ts"
import { mutate } from "./Mutation.ts"
import * as Random from "./Random.ts"
import type { Target, Verdict } from "./Target.ts"
import * as Wire from "./Wire.ts"

/** Everything that reads what strangers write. */
export const targets: ReadonlyArray<Target> = [...Wire.targets, ...Kept.targets]

/** A case that failed. */
export interface Finding {
  readonly target: string
  readonly problem: string
  /** The input, so that it can be tried again. */
  readonly input: Uint8Array
  /** How the input was made, where chance alone made it. */
  readonly seed?: number | undefined
}

/** What cases came to. */
export interface Tally {
  cases: number
  accepted: number
  refused: number
  slowestMillis: number
  readonly findings: Array<Finding>
}

/** How long a case may take on a machine that has other things to do, tried again before it counts. */
export const slow = 1_000

/** The input of a case, made by chance alone. */
export const inputOf = (target: Target, seed: number): Uint8Array => {
  const seeds = seedsOf(target)
  const random = Random.make(seed)
  return mutate(random, random.of(seeds), target.shape, seeds)
}

/** The valid inputs of a target. */
export const seedsOf = (target: Target): ReadonlyArray<Uint8Array> =>
  target.seeds.map((text) => Buffer.from(text, "utf8"))

/** Runs one case. Fails with what is wrong where it ends in no way that it may. */
export const attempt = async (target: Target, input: Uint8Array): Promise<Verdict> => {
  const exit = await Effect.runPromiseExit(
    Effect.suspend(() => target.run(input)).pipe(
      Effect.provideService(Clock.Clock, standing),
      Effect.provide(quiet)
    )
  )
  if (Exit.isSuccess(exit)) return "accepted"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  const typed = error !== undefined && exit.cause.reasons.every(({ _tag }) => _tag === "Fail")
  if (!typed) throw new Error(Cause.pretty(exit.cause))
  // an error that cannot be printed is a second one
  const printed = [inspect(error), JSON.stringify(error)]
  if (typeof error._tag !== "string" || printed.includes("")) throw new Error("an untyped error")
  return "refused"
}

/** Runs one case and counts it. */
export const count = async (tally: Tally, target: Target, input: Uint8Array, seed?: number): Promise<void> => {
  tally.cases++
  for (let tries = 1;; tries++) {
    const start = performance.now()
    try {
      tally[await attempt(target, input)]++
    } catch (error) {
      tally.findings.push({
        target: target.name,
        input,
        seed,
        problem: error instanceof Error ? error.message : String(error)
      })
      return
    }
    const took = performance.now() - start
    if (took < slow) {
      tally.slowestMillis = Math.max(tally.slowestMillis, took)
      return
    }
    if (tries === 3) {
      tally.findings.push({ target: target.name, input, seed, problem: `took ${Math.round(took)} ms, three times` })
      return
    }
  }
}

// the same instant for every case, so that a case comes out the same tomorrow
const standing: Clock.Clock = Object.assign(Object.create(Effect.runSync(Clock.Clock)) as Clock.Clock, {
  currentTimeMillisUnsafe: () => Wire.now,
  currentTimeMillis: Effect.succeed(Wire.now)
})

const quiet = Logger.layer([])
