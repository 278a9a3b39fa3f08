/**
 * What a run reached: each fault on each kind of server, where it took effect,
 * and each row of the protocol's steps. Both are counted from what the server,
 * the store and the processes noted, when the run is over.
 */
import type { Grant, GrantEvent } from "@effect-oauth/core"
import type { Ledger } from "@effect-oauth/core/testing"
import * as Faults from "./Faults.ts"
import type { Facts, Life } from "./Simulation.ts"

/** How often something was reached, by its name. */
export type Counts = Map<string, number>

/** The name of a fault on a kind of server. */
export const pairOf = (fault: Faults.Name, rotation: Faults.Rotation): string => `${fault} / ${rotation}`

/** Every pair that can be. */
export const pairs: ReadonlyArray<string> = Faults.names.flatMap((fault) =>
  Faults.rotationNames.map((rotation) => pairOf(fault, rotation))
).filter((pair) => !Faults.impossible.has(pair))

/** Adds what a run reached. */
export const add = (facts: Facts, reached: { readonly pairs: Counts; readonly rows: Counts }): void => {
  const { rotation } = facts.plan
  for (const [fault, times] of facts.befell) count(reached.pairs, pairOf(fault, rotation), times)
  const ledger = new Map<number, Array<Ledger.Entry>>()
  for (const entry of facts.ledger) {
    if (entry.exchange === undefined) continue
    const entries = ledger.get(entry.exchange) ?? []
    ledger.set(entry.exchange, entries)
    entries.push(entry)
  }
  for (const [exchange, fault] of facts.faults) {
    if (!Faults.isExchangeFault(fault) || facts.idle.has(exchange)) continue
    if (tookEffect(fault, ledger.get(exchange) ?? [])) count(reached.pairs, pairOf(fault, rotation), 1)
  }
  for (const { name, times } of rows) count(reached.rows, name, times(facts))
}

const count = (counts: Counts, name: string, times: number): void => {
  if (times > 0) counts.set(name, (counts.get(name) ?? 0) + times)
}

// -- faults of an exchange ---------------------------------------------------------------------

const tookEffect = (fault: Faults.ExchangeFault, entries: ReadonlyArray<Ledger.Entry>): boolean => {
  const answers = entries.filter(({ kind }) => accepted.has(kind) || kind === "reused" || kind === "refused")
  const isProcessed = answers.some(({ kind }) => accepted.has(kind))
  const end = entries.find(({ kind }) => ["answered", "unanswered", "abandoned"].includes(kind))
  switch (fault) {
    case "answer lost (reset)":
    case "answer lost (silence)":
    case "answer lost (truncated)":
    case "answer lost (stalled)":
    case "server error after rotation":
    case "page after rotation":
    case "not JSON":
    case "without access token":
    case "without token type":
    case "without refresh token":
    case "other subject":
      return isProcessed
    case "too slow":
      return isProcessed && end?.kind === "abandoned"
    case "request comes late":
      return end?.kind === "abandoned" && answers.some(({ at }) => at > end.at)
    case "duplicated":
      return answers.filter(({ kind }) => kind !== "refused").length > 1
    default:
      return end !== undefined
  }
}

const accepted: ReadonlySet<Ledger.Kind> = new Set<Ledger.Kind>(["rotated", "kept", "spent", "replayed"])

// -- rows ----------------------------------------------------------------------------------------

/** What a step of the protocol may come to. */
export interface Row {
  readonly name: string
  readonly times: (facts: Facts) => number
}

type Event<Tag extends GrantEvent.GrantEvent["_tag"]> = Extract<GrantEvent.GrantEvent, { readonly _tag: Tag }>

const events = <Tag extends GrantEvent.GrantEvent["_tag"]>(
  name: string,
  tag: Tag,
  isIt: (event: Event<Tag>, facts: Facts, life: Life, at: number) => boolean = () => true
): Row => ({
  name,
  times: (facts) => {
    let times = 0
    for (const life of facts.lives.values()) {
      for (const { at, event } of life.events) {
        if (event._tag === tag && isIt(event as Event<Tag>, facts, life, at)) times++
      }
    }
    return times
  }
})

const failed = (
  name: string,
  isIt: (reason: Event<"RenewalFailed">["reason"], facts: Facts) => boolean
): Row => events(name, "RenewalFailed", ({ reason }, facts) => isIt(reason, facts))

const writes = (
  name: string,
  isIt: (before: Grant.Grant, grant: Grant.Grant, by: string, at: number, facts: Facts) => boolean
): Row => ({
  name,
  times: (facts) =>
    facts.written.filter(({ at, before, by, grant }) =>
      before !== undefined && grant !== undefined && by !== "restore" && isIt(before, grant, by, at, facts)
    ).length
})

const isRenewing = ({ state }: Grant.Grant): boolean => state._tag === "Renewing"

// commits of a pair that came too late
const pairsDeclined = (
  name: string,
  isIt: (draft: Grant.Draft, standing: Grant.Grant, facts: Facts) => boolean
): Row => ({
  name,
  times: (facts) =>
    facts.declined.filter(({ draft, standing }) =>
      draft.state._tag === "Active" && draft.serial > 1 && standing !== undefined && isIt(draft, standing, facts)
    ).length
})

// presentations that follow one of the same process without an answer, by the schedule of a claim
const again = ({ ledger }: Facts): number => {
  const lost = new Map<string, number>()
  let times = 0
  for (const { at, by, exchange, kind, token } of ledger) {
    const name = `${by} ${token}`
    if (kind === "presented") {
      if (at - (lost.get(name) ?? -Infinity) < 5_000) times++
      lost.delete(name)
    } else if (kind === "unanswered" || kind === "abandoned") {
      const presented = ledger.find((entry) => entry.exchange === exchange && entry.kind === "presented")
      if (presented !== undefined) lost.set(`${by} ${presented.token}`, at)
    }
  }
  return times
}

// who wrote a record that stood
const writerOf = (facts: Facts, grant: Grant.Grant): string | undefined =>
  facts.written.find((written) => written.grant?.writeId === grant.writeId)?.by

const ranOut = ({ key, leaseUntil, version }: Grant.Grant, at: number, facts: Facts): boolean =>
  (facts.leases.get(`${key} ${version}`) ?? leaseUntil ?? at) < at

/** Every row: steps 4 to 6, the table of step 7, and steps 8 to 11. */
export const rows: ReadonlyArray<Row> = [
  events("4: newer tokens are adopted", "Adopted"),
  {
    name: "4: nothing is presented before retryAt",
    times: ({ told }) => told.filter(({ why }) => why === "RenewalPending backing-off").length
  },
  { name: "4: a live lease is waited for", times: ({ waits }) => waits },
  {
    name: "5: a claim is lost to another",
    times: ({ declined }) => declined.filter(({ draft }) => draft.state._tag === "Renewing").length
  },
  failed(
    "6: nothing is sent when the lease ran out",
    (reason) => reason._tag === "RequestNotSent" && reason.problem === "lease-lost"
  ),
  { name: "6: a heartbeat moves the lease", times: ({ leases }) => leases.size },

  events("7: tokens are committed", "Renewed"),
  events("7: an answer fails a check, its refresh token is quarantined", "Quarantined"),
  events(
    "7: a quarantined pair is renewed",
    "Renewed",
    (_, facts) =>
      facts.written.some(({ before }) => before?.body._tag === "Open" && before.body.quarantined !== undefined)
  ),
  events("7: the answer is for somebody else", "Ended", ({ why }) => why === "IdentityMismatch"),
  failed(
    "7: not sent, released and retried",
    (reason) => reason._tag === "RequestNotSent" && reason.problem !== "lease-lost" && reason.problem !== "closing"
  ),
  failed("7: not processed, released with retryAt", (reason) => reason._tag === "ServerUnavailable"),
  events("7: refused, and the own claim stands", "Ended", ({ why }) => why === "GrantRejected"),
  {
    name: "7: refused, and the version has moved",
    times: ({ declined }) => declined.filter(({ draft }) => draft.state._tag === "ReauthorizationRequired").length
  },
  events("7: refused, and the brake holds", "BrakeHeld"),
  failed(
    "7: another OAuth error, the grant is kept",
    (reason, { plan }) => reason._tag === "RequestRefused" && plan.focus !== "invalid_grant"
  ),
  ...(["static", "idempotent window", "window"] as const).map((rotation): Row => ({
    name: `7: ambiguous, presented again at once (${rotation})`,
    times: (facts) => facts.plan.rotation === rotation ? again(facts) : 0
  })),
  ...(["strict", "one shot", "unknown"] as const).map((rotation): Row =>
    writes(
      `7: ambiguous, released to Indeterminate (${rotation})`,
      (before, grant, _by, _at, { plan }) =>
        plan.rotation === rotation && isRenewing(before) && grant.state._tag === "Indeterminate"
    )
  ),
  writes(
    "7: Indeterminate is tried again",
    (before, grant) => before.state._tag === "Indeterminate" && isRenewing(grant)
  ),
  events("7: a refusal after a lost answer is RotationLost", "Ended", ({ why }) => why === "RotationLost"),
  events("7: the store does not take the pair, it is used and kept", "Unsaved"),
  events(
    "7: the pair is saved when the store is back",
    "Saved",
    (_, _facts, life) => life.events.some(({ event }) => event._tag === "Unsaved")
  ),

  writes(
    "8: a claim whose lease ran out is followed",
    (before, grant, by, at, facts) =>
      isRenewing(before) && isRenewing(grant) && ranOut(before, at, facts) && writerOf(facts, before) !== by
  ),
  writes(
    "8: a living holder comes before whoever waits",
    (before, grant, by, at, facts) =>
      isRenewing(before) && !isRenewing(grant) && ranOut(before, at, facts) && writerOf(facts, before) === by &&
      grant.serial > before.serial
  ),
  pairsDeclined(
    "9: an overtaken holder forgets its pair",
    (draft, { lineage, state }) => lineage === draft.lineage && state._tag !== "Revoked"
  ),

  pairsDeclined(
    "10: a revocation wins, and the pair is revoked too",
    (draft, { lineage, state }) => lineage === draft.lineage && state._tag === "Revoked"
  ),
  pairsDeclined(
    "10: a login wins, and the other pair is left to expire",
    (draft, { lineage }, { plan }) => lineage !== draft.lineage && plan.revocation === "grant"
  ),
  pairsDeclined(
    "10: a login wins, and the other pair is revoked by itself",
    (draft, { lineage }, { plan }) => lineage !== draft.lineage && plan.revocation === "token"
  ),

  failed(
    "11: closing before the send releases the claim",
    (reason) => reason._tag === "RequestNotSent" && reason.problem === "closing"
  ),
  events(
    "11: closing waits for answer and commit",
    "Renewed",
    (_, _facts, life, at) => life.closingAt !== undefined && at >= life.closingAt
  ),
  {
    name: "11: closing leaves the journal when its grace is over",
    times: ({ lives, written }) =>
      written.filter(({ at, by, grant }) => {
        const ended = lives.get(by)?.ended
        if (grant === undefined || !isRenewing(grant) || ended?.how !== "closed" || at > ended.at) return false
        const next = written.find(({ before }) => before?.version === grant.version)
        return next === undefined || next.at > ended.at
      }).length
  },
  events("11: a pair that cannot be saved goes into escrow", "Escrowed"),
  writes(
    "11: the next start commits what is in escrow",
    (before, grant, by, _at, facts) =>
      isRenewing(before) && grant.state._tag === "Active" && grant.serial > before.serial &&
      before.lineage === grant.lineage && writerOf(facts, before) !== by
  ),
  events("11: without an escrow the pair is lost, and said to be", "PairLost"),
  events("11: a store that went back in time is written again", "WrittenBack")
]
