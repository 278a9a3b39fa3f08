/** What came of many runs: what was wrong, and what was reached. */
import type { Ledger } from "@effect-oauth/core/testing"
import * as Coverage from "./Coverage.ts"
import { breaches } from "./Invariants.ts"
import { Livelock, Machine } from "./Machine.ts"
import { type Facts, run } from "./Simulation.ts"

export interface Tally {
  seeds: number
  readonly wrong: Array<{ readonly seed: number; readonly breaches: ReadonlyArray<string> }>
  readonly pairs: Coverage.Counts
  readonly rows: Coverage.Counts
}

export const empty = (): Tally => ({ seeds: 0, wrong: [], pairs: new Map(), rows: new Map() })

/** Runs a seed, and adds what came of it. */
export const add = (tally: Tally, seed: number): void => {
  tally.seeds++
  try {
    const facts = run(seed)
    const lines = breaches(facts)
    if (lines.length > 0) tally.wrong.push({ seed, breaches: lines })
    Coverage.add(facts, tally)
  } catch (error) {
    if (!(error instanceof Livelock)) throw error
    tally.wrong.push({ seed, breaches: [`I9: ${error.message}`] })
  }
}

export const merge = (into: Tally, other: Tally): void => {
  into.seeds += other.seeds
  into.wrong.push(...other.wrong)
  for (const [name, times] of other.pairs) into.pairs.set(name, (into.pairs.get(name) ?? 0) + times)
  for (const [name, times] of other.rows) into.rows.set(name, (into.rows.get(name) ?? 0) + times)
}

/** Everything that is to be reached, the rarest first. */
export const coverage = (tally: Tally): ReadonlyArray<readonly [name: string, times: number]> =>
  [
    ...Coverage.pairs.map((name) => [name, tally.pairs.get(name) ?? 0] as const),
    ...Coverage.rows.map(({ name }) => [name, tally.rows.get(name) ?? 0] as const)
  ].sort(([, a], [, b]) => a - b)

/** Everything that happened in a run that was told aloud, one line each, in order. */
export const format = (facts: Facts): string => {
  const line = (at: number, by: string, what: string) =>
    `${String(Math.floor(at - Machine.epoch)).padStart(10)} ${by.padEnd(8)} ${what}`
  const details = (entry: Ledger.Entry) =>
    [entry.kind, entry.token, entry.successor && `-> ${entry.successor}`, entry.detail].filter(Boolean).join(" ")
  return [
    ...facts.trace.map((text) => [Number.parseInt(text, 10), text] as const),
    ...facts.written.map(({ at, before, by, grant }) => {
      const what = grant === undefined
        ? `removes ${before?.version}`
        : `writes ${grant.state._tag} v${grant.version} over v${before?.version ?? "-"}, pair ${grant.serial} of ` +
          `${facts.accounts.get(grant.key)}`
      return [at - Machine.epoch, line(at, by, `store: ${what}`)] as const
    }),
    ...facts.ledger.map((entry) =>
      [
        entry.at - Machine.epoch,
        line(
          entry.at,
          entry.by,
          `server: ${entry.exchange === undefined ? "" : `#${entry.exchange} `}${details(entry)}`
        )
      ] as const
    )
  ].sort(([a], [b]) => a - b).map(([, text]) => text).join("\n")
}
