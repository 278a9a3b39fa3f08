/**
 * What came of many runs: what was wrong, and what was reached.
 */
import type { Ledger } from "@effect-oauth/core/testing"
import * as Faults from "./Faults.ts"
import { breaches } from "./Invariants.ts"
import { Livelock, Machine } from "./Machine.ts"
import { type Facts, run } from "./Simulation.ts"

export interface Tally {
  seeds: number
  readonly wrong: Array<{ readonly seed: number; readonly breaches: ReadonlyArray<string> }>
  readonly reached: Map<string, number>
  readonly rows: Map<string, number>
}

export const empty = (): Tally => ({ seeds: 0, wrong: [], reached: new Map(), rows: new Map() })

/** Runs a seed, and adds what came of it. */
export const add = (tally: Tally, seed: number): void => {
  tally.seeds++
  try {
    const facts = run(seed)
    const lines = breaches(facts)
    if (lines.length > 0) tally.wrong.push({ seed, breaches: lines })
    sum(tally.reached, facts.reached)
    sum(tally.rows, facts.rows)
  } catch (error) {
    if (!(error instanceof Livelock)) throw error
    tally.wrong.push({ seed, breaches: [`I9: ${error.message}`] })
  }
}

export const merge = (into: Tally, other: Tally): void => {
  into.seeds += other.seeds
  into.wrong.push(...other.wrong)
  sum(into.reached, other.reached)
  sum(into.rows, other.rows)
}

const sum = (into: Map<string, number>, from: ReadonlyMap<string, number>): void => {
  for (const [what, count] of from) into.set(what, (into.get(what) ?? 0) + count)
}

/** Every fault with every rotation policy, the rarest first. */
export const pairs = (tally: Tally): ReadonlyArray<readonly [pair: string, count: number]> =>
  Faults.names.flatMap((fault) => Faults.rotationNames.map((rotation) => `${fault} / ${rotation}`))
    .map((pair) => [pair, tally.reached.get(pair) ?? 0] as const)
    .sort(([, a], [, b]) => a - b)

/** What may come of a claim: what was judged, and what was concluded and written. */
export const rows: ReadonlyArray<string> = [
  "Granted",
  "Unusable (quarantined)",
  "Unusable (nothing kept)",
  "Refused (ends the grant)",
  "Refused (does not end the grant)",
  "NotProcessed",
  "NotSent",
  "Ambiguous",
  "event Unsaved",
  "event Saved",
  "event Overtaken",
  "event WrittenBack",
  "event Quarantined",
  "event Ended RotationLost",
  "event Ended GrantRejected",
  "event Ended RefreshTokenSpent",
  "event Ended IdentityMismatch",
  "event Ended Ended"
]

/** Everything that happened in a run, one line each, in order. */
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
