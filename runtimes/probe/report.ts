/** Tries features one after another, and tells of each. */
import { Cause, Effect, Exit } from "effect"
import type { Feature, Place } from "./features.ts"

/** What became of a feature. */
export interface Outcome {
  readonly name: string
  readonly works: boolean
  readonly why?: string
}

/** Tries them in turn: a slow one is no fault of the next. */
export const report = async (
  place: Place,
  features: ReadonlyArray<Feature>
): Promise<ReadonlyArray<Outcome>> => {
  const outcomes: Array<Outcome> = []
  for (const { name, run } of features) {
    const exit = await Effect.runPromiseExit(Effect.timeout(run(place), "30 seconds"))
    outcomes.push(
      Exit.isSuccess(exit)
        ? { name, works: true }
        : { name, works: false, why: Cause.pretty(exit.cause).split("\n")[0] ?? "" }
    )
  }
  return outcomes
}
