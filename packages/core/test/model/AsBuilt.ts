/**
 * The bridge between the model and the library: a record of the model becomes a
 * real record, is handed to the real `decide` or `conclude`, and what they want
 * written goes through the real `propose` and `stand` and becomes a record of
 * the model again. Time is one instant; before and after it lie the two sides
 * of every deadline.
 */
import {
  Grant,
  OAuthError,
  RefreshPolicy,
  RemoteText,
  RotationPolicy,
  Target,
  type TokenResponse
} from "@effect-oauth/core"
import { Duration, Redacted } from "effect"
import * as Transaction from "../../src/internal/transaction.ts"

/** The kinds of server. */
export type Server = "static" | "strict" | "idempotent" | "sibling"

/** A record without what the store gives it. */
export interface Draft {
  readonly state: Grant.State["_tag"]
  /** Why the grant ended. */
  readonly why: string
  readonly lineage: number
  readonly serial: number
  readonly token: number
  /** The token is the one that was presented for this pair: no other came with the answer. */
  readonly kept: boolean
  /** Claims that presented the token. */
  readonly attempt: number
  /** The first of them was inside the window of the server's policy. */
  readonly early: boolean
  /** So were all of them. */
  readonly inside: boolean
  /** The lease has not run out. */
  readonly leased: boolean
  /** The token must not be presented yet. */
  readonly resting: boolean
}

/** A record as it stands. */
export interface Record extends Draft {
  readonly version: number
  readonly writeId: number
}

/** What to do with a record. */
export type Step =
  | { readonly _tag: "Claim"; readonly draft: Draft }
  | { readonly _tag: "Write"; readonly draft: Draft }
  | { readonly _tag: "Wait" | "Settle" }

/** What came back for a request, or did not; `kept`: an access token alone. */
export type Heard = number | "kept" | "refused" | "busy" | "nothing" | "unsent"

/** What to write for it. */
export interface Conclusion {
  readonly draft: Draft
  readonly again: boolean
  readonly precious: boolean
}

/** What `decide` says of a record. */
export const decide = (
  server: Server,
  record: Record,
  options: { readonly neverSent: number; readonly settled: boolean }
): Step => {
  const own = record.writeId === options.neverSent
  const key = `${server}|${spell(record)}|${own}|${options.settled}`
  return remember(steps, key, () => {
    const grant = toGrant(record)
    const need = forced(record)
    const step = Transaction.decide({
      grant,
      now,
      need,
      rules: rules[server],
      neverSent: new Set(own ? [grant.writeId] : []),
      settled: options.settled
    })
    switch (step._tag) {
      case "Claim": {
        const state: Grant.State = {
          _tag: "Renewing",
          holder: "",
          presented: String(record.token),
          startedAt: step.startedAt,
          settle: Duration.toMillis(policy.settle),
          attempt: step.attempt
        }
        const draft = written(server, record, { state, leaseFor: Duration.toMillis(policy.lease) })
        return { _tag: "Claim", draft: { ...draft, inside: draft.early } }
      }
      case "Write":
        return { _tag: "Write", draft: written(server, record, step.change) }
      case "Settle":
        return { _tag: "Settle" }
      default:
        return { _tag: "Wait" }
    }
  })
}

/** What `conclude` says of what a holder heard. */
export const conclude = (server: Server, claim: Record, heard: Heard, lost: boolean): Conclusion => {
  const key = `${server}|${spell(claim)}|${heard}|${lost}`
  return remember(conclusions, key, () => {
    const grant = toGrant(claim)
    if (grant.state._tag !== "Renewing" || grant.body._tag !== "Open") throw new Error("not a claim")
    const conclusion = Transaction.conclude({
      grant,
      claim: grant.state,
      body: grant.body,
      failures: 0,
      dueAt: undefined,
      judgement: judgement(heard),
      lost,
      now,
      offset: 0,
      need: forced(claim),
      rules: rules[server],
      braked: false,
      account: "",
      provider: ""
    })
    return {
      draft: written(server, claim, conclusion.change),
      again: conclusion.again !== undefined,
      precious: conclusion.precious
    }
  })
}

/** What stands where a claim stood, for what is to be saved. */
export const contest = (
  server: Server,
  record: Record,
  claim: Record,
  draft: Draft,
  /** Whether the settle time of a claim that stands is over. */
  settled: boolean
): ReturnType<typeof Transaction.contest> =>
  remember(contests, `${server}|${spell(record)}|${spell(claim)}|${spell(draft)}|${settled}`, () => {
    const { state } = toGrant(claim)
    if (state._tag !== "Renewing") throw new Error("not a claim")
    const standing = toGrant({ ...record, resting: record.resting && !settled })
    const saved = toGrant({ ...draft, version: -1, writeId: -1 })
    return Transaction.contest(standing, state, saved, now, rules[server])
  })

const now = 1_900_000_000_000
const longAgo = now - Duration.toMillis("1 day")
const policy = RefreshPolicy.defaults

const rotations: { readonly [K in Server]: RotationPolicy.RotationPolicy } = {
  static: RotationPolicy.fixed,
  strict: RotationPolicy.rotating(),
  idempotent: RotationPolicy.rotating({ window: { duration: "10 minutes", idempotent: true } }),
  sibling: RotationPolicy.rotating({ window: { duration: "10 minutes", idempotent: false } })
}

/** Whether the server takes a token that it replaced once more. */
export const hasWindow = (server: Server): boolean => server === "idempotent" || server === "sibling"

const rulesOf = (server: Server): Transaction.Rules => ({
  policy,
  rotation: rotations[server],
  patience: RotationPolicy.patience(rotations[server]),
  idleLifetime: undefined,
  installation: "",
  holds: () => true
})

const rules: { readonly [K in Server]: Transaction.Rules } = {
  static: rulesOf("static"),
  strict: rulesOf("strict"),
  idempotent: rulesOf("idempotent"),
  sibling: rulesOf("sibling")
}

const steps = new Map<string, Step>()
const conclusions = new Map<string, Conclusion>()
const contests = new Map<string, ReturnType<typeof Transaction.contest>>()

const remember = <A>(memory: Map<string, A>, key: string, make: () => A): A => {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make()
  memory.set(key, made)
  return made
}

/** A draft in few characters. */
export const spell = (draft: Draft): string =>
  `${draft.state}${draft.why}${draft.lineage}.${draft.serial}.${draft.token}${draft.kept ? "k" : ""}.${draft.attempt}${
    draft.early ? "e" : ""
  }${draft.inside ? "i" : ""}${draft.leased ? "l" : ""}${draft.resting ? "r" : ""}`

// somebody always wants a pair newer than the one that stands
const forced = (record: Draft): Transaction.Need => ({
  target: Target.whole,
  why: { _tag: "Forced", than: { lineage: String(record.lineage), serial: record.serial } }
})

const toGrant = (record: Record): Grant.Grant => ({
  changedAt: record.inside && !record.early ? longAgo : now,
  format: Grant.format,
  key: "",
  version: "",
  writeId: String(record.writeId),
  lineage: String(record.lineage),
  serial: record.serial,
  installation: "",
  state: toState(record),
  body: {
    _tag: "Open",
    accessTokens: [],
    refreshToken: Redacted.make(String(record.token)),
    ...(record.kept ? { refreshTokenKept: true } : {})
  },
  ...(record.state === "Renewing"
    ? { leaseUntil: record.leased ? now + 1 : record.resting ? now : longAgo }
    : record.resting
    ? { retryAt: now + 1 }
    : {})
})

const toState = (record: Record): Grant.State => {
  const since = record.early ? now : longAgo
  switch (record.state) {
    case "Active":
      return { _tag: "Active", failures: 0 }
    case "Renewing":
      return {
        _tag: "Renewing",
        holder: "",
        presented: String(record.token),
        startedAt: since,
        settle: Duration.toMillis(policy.settle),
        attempt: record.attempt
      }
    case "Indeterminate":
      return { _tag: "Indeterminate", presented: String(record.token), since, attempt: record.attempt }
    case "ReauthorizationRequired":
      return { _tag: "ReauthorizationRequired", why: "Ended", at: now }
    case "Revoked":
      return { _tag: "Revoked", at: now, remote: "done" }
  }
}

// what stands when the change is accepted
const written = (server: Server, record: Record, change: Transaction.Change): Draft => {
  const grant = toGrant(record)
  const draft = Transaction.propose(grant, change, { now, writeId: "", note: { what: "", by: "" } })
  const standing = Grant.stand(draft, { version: "", now })
  const { state } = standing
  const since = state._tag === "Renewing" ? state.startedAt : state._tag === "Indeterminate" ? state.since : longAgo
  return {
    state: state._tag,
    why: state._tag === "ReauthorizationRequired" ? state.why : "",
    lineage: Number(standing.lineage),
    serial: standing.serial,
    token: standing.body._tag === "Open" ? Number(Redacted.value(Transaction.presentable(standing.body)!)) : -1,
    kept: standing.body._tag === "Open" && standing.body.refreshTokenKept === true,
    attempt: state._tag === "Renewing" || state._tag === "Indeterminate" ? Math.min(state.attempt, 4) : 0,
    early: since > longAgo && hasWindow(server),
    inside: record.inside,
    leased: standing.leaseUntil !== undefined && standing.leaseUntil > now,
    resting: standing.retryAt !== undefined && standing.retryAt > now
  }
}

const judgement = (heard: Heard): TokenResponse.Judgement => {
  const origin = "https://as.test"
  switch (heard) {
    case "refused":
      return {
        _tag: "Refused",
        endsGrant: true,
        reason: new OAuthError.RequestRefused({ code: RemoteText.fromUnknown("invalid_grant")!, status: 400 })
      }
    case "busy":
      return { _tag: "NotProcessed", reason: new OAuthError.ServerUnavailable({ origin }) }
    case "nothing":
      return { _tag: "Ambiguous", reason: new OAuthError.AnswerLost({ problem: "timeout", origin }) }
    case "unsent":
      return { _tag: "NotSent", reason: new OAuthError.RequestNotSent({ problem: "lease-lost", origin }) }
    default:
      return {
        _tag: "Granted",
        tokens: {
          accessToken: Redacted.make("access"),
          tokenType: "Bearer",
          receivedAt: now,
          ...(heard === "kept" ? {} : { refreshToken: Redacted.make(String(heard)) })
        }
      }
  }
}
