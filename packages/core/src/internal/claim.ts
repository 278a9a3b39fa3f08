/**
 * One claim: who holds it presents the refresh token, once or as often as the
 * rotation policy allows, while heartbeats keep the lease.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Grant from "../Grant.ts"
import * as OAuthError from "../OAuthError.ts"
import type { TokenRequest } from "../TokenRequest.ts"
import type { Judgement } from "../TokenResponse.ts"
import type { Reading } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import { save, type Written } from "./commit.ts"
import { type Environment, fail, notSaved, observe, storeNow } from "./environment.ts"
import { Lease } from "./heartbeats.ts"
import { identify } from "./identify.ts"
import * as Snapshot from "./snapshot.ts"
import * as Stopwatch from "./stopwatch.ts"
import * as Transaction from "./transaction.ts"

/**
 * Claims a grant, presents its refresh token, and saves what came of it. Succeeds with the record to go on from when the
 * claim was lost to another.
 */
export const claim = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  step: Extract<Transaction.Step, { readonly _tag: "Claim" }>
): Effect.fn.Return<Reading | undefined, OAuthError.OAuthError> {
  const { policy } = env.rules
  const { grant } = step
  const body = grant.body
  const refreshToken = body._tag === "Open" ? Transaction.presentable(body) : undefined
  if (body._tag !== "Open" || refreshToken === undefined) return yield* fail(notSaved)

  const writeId = yield* env.id
  const state: Renewing = {
    _tag: "Renewing",
    holder: env.holder,
    presented: yield* env.digest(refreshToken),
    startedAt: step.startedAt,
    settle: Duration.toMillis(policy.settle),
    attempt: step.attempt,
    failures: failuresOf(grant)
  }
  const leaseFor = Duration.toMillis(policy.lease)
  // counted from before the claim is sent, so that it never ends later here than in the store
  const lease = new Lease(env.clock, leaseFor)
  const elapsed = Stopwatch.start(env.clock)
  const now = storeNow(env, snapshot)
  const usedAt = need.why._tag !== "Kept" || need.why.used ? now : undefined
  const draft = Transaction.propose(grant, { state, leaseFor, usedAt }, {
    now,
    writeId,
    note: env.note("Claimed", step.attempt > 1 ? `attempt-${step.attempt}` : need.why._tag)
  })

  snapshot.neverSent = remember(snapshot.neverSent, writeId)
  const claimed = yield* env.custody.write(grant.version, draft)
  // where another version stands, no claim on an earlier one will come to stand any more
  snapshot.neverSent = forgetOthers(snapshot.neverSent, claimed.grant?.writeId)
  if (!claimed.accepted || claimed.grant === undefined) return claimed
  observe(env, snapshot, claimed)

  const held = {
    grant: claimed.grant,
    before: grant.version,
    claim: state,
    body,
    failures: failuresOf(grant),
    dueAt: grant.dueAt,
    lease,
    repeats: step.attempt > 1 && Transaction.mayRepeat(env.rules.rotation, now - step.startedAt),
    // what the store says of its clock may be as old as its answer took
    age: Math.max(now + elapsed(), storeNow(env, snapshot)) - step.startedAt,
    request: env.request(grant, refreshToken, need),
    // a claim is ended once, by this write or by none
    writeId: `${writeId}.`
  }
  const conclusion = yield* env.heartbeats.during(present(env, snapshot, need, held), lease, {
    extend: env.custody.extend(snapshot.key, { version: claimed.grant.version, leaseFor }),
    moved: (outcome) => observe(env, snapshot, outcome)
  })
  return yield* save(env, snapshot, need, claimed.grant, conclusion)
})

type Renewing = Extract<Grant.State, { readonly _tag: "Renewing" }>

interface Claim {
  readonly grant: Grant.Grant
  /** The version of the record that was claimed. */
  readonly before: string
  readonly claim: Renewing
  readonly body: Grant.Open
  readonly failures: number
  /** When the grant was due before it was claimed. */
  readonly dueAt: number | undefined
  readonly lease: Lease
  /** Whether it was claimed inside a window, to present the token once more. */
  readonly repeats: boolean
  /** How long ago the token was presented first. */
  readonly age: number
  readonly request: TokenRequest
  /** The id of the write that ends the claim. */
  readonly writeId: string
}

// Presents the refresh token until there is a conclusion.
const present = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  held: Claim
): Effect.fn.Return<Written> {
  const { policy } = env.rules
  const schedules = {
    notSent: Attempts.begin(policy.notSent),
    ambiguous: Attempts.begin(policy.ambiguous)
  }
  const reserve = Math.min(Duration.toMillis(policy.sendReserve), held.lease.length / 2)
  // the window is counted from the first presentation, on whichever clock has gone further
  const sinceStart = Stopwatch.start(env.clock)
  const before = Math.max(0, held.age)
  let lost: Extract<Judgement, { readonly _tag: "Ambiguous" }> | undefined

  const isLate = (): boolean => !Transaction.mayRepeat(env.rules.rotation, before + sinceStart())
  const hindrance = (): "closing" | "lease-lost" | undefined =>
    Deferred.isDoneUnsafe(env.closing)
      ? "closing"
      : held.lease.overtaken || held.lease.left() < reserve || (held.repeats && isLate())
      ? "lease-lost"
      : undefined
  // asked at the last moment before each sending: reading credentials takes time
  const maySend = (): boolean => hindrance() === undefined

  while (true) {
    const late = lost !== undefined && isLate()
    const hindered = hindrance()
    if (hindered === undefined) snapshot.neverSent = Snapshot.none
    const answer: Judgement = lost !== undefined && late
      ? lost
      : hindered === undefined
      ? yield* env.endpoint.exchange(held.request, { timeLimit: policy.timeLimit, maySend })
      : {
        _tag: "NotSent",
        reason: new OAuthError.RequestNotSent({ problem: hindered, origin: env.origin })
      }
    const { judgement, stranger } = yield* identify(env, held.body, answer)
    const now = env.clock.currentTimeMillisUnsafe()
    note(env, judgement, now)
    const braked = env.brake.holds(now)
    if (braked && judgement._tag === "Refused" && judgement.endsGrant) {
      env.emit({ _tag: "BrakeHeld", key: snapshot.key })
    }
    const conclusion = Transaction.conclude({
      grant: held.grant,
      claim: held.claim,
      body: held.body,
      failures: held.failures,
      dueAt: held.dueAt,
      judgement,
      stranger,
      lost: lost !== undefined,
      now: now + snapshot.offset,
      offset: snapshot.offset,
      need,
      rules: env.rules,
      braked,
      account: snapshot.key.account,
      provider: snapshot.key.provider
    })
    if (judgement._tag === "Granted" || conclusion.targetRests === true) {
      Snapshot.heardOfTarget(
        snapshot,
        need.target,
        conclusion.targetRests === true
          ? (refusals) => now + Duration.toMillis(policy.misconfigured(refusals))
          : undefined
      )
    }
    const delay = conclusion.again === undefined || late ? undefined : yield* schedules[conclusion.again]
    if (delay === undefined) {
      const draft = Transaction.propose(held.grant, conclusion.change, {
        now: now + snapshot.offset,
        writeId: held.writeId,
        note: env.note(...Transaction.happeningOf(conclusion, need))
      })
      // in hand from here on, whatever happens to this fiber
      if (conclusion.precious) {
        snapshot.unsaved = {
          expected: held.grant.version,
          claim: held.claim,
          claimed: held.before,
          draft,
          pair: conclusion.pair,
          // a pair that is kept does not hide that its grant has ended
          error: conclusion.change.state._tag === "ReauthorizationRequired" ? conclusion.error : undefined
        }
      }
      return { ...conclusion, draft, claimed: held.before }
    }
    if (judgement._tag === "Ambiguous") lost = judgement
    yield* Effect.raceFirst(Effect.sleep(delay), Deferred.await(env.closing))
  }
})

// What a judgement says of the server, beyond this grant.
const note = (env: Environment, judgement: Judgement, now: number): void => {
  switch (judgement._tag) {
    case "Granted":
      env.breaker.answered()
      return env.brake.count(now, false)
    case "Refused":
      env.breaker.answered()
      return env.brake.count(now, judgement.endsGrant)
    case "Unusable":
      return env.breaker.answered()
    case "NotProcessed":
      // 429 may be about one account; what it asks for is kept with that grant
      return env.breaker.failed(now, judgement.reason.status === 429 ? undefined : judgement.reason.retryAfter)
    case "NotSent":
      if (judgement.reason._tag === "RequestNotSent" && isServers(judgement.reason)) env.breaker.failed(now, undefined)
      return
    case "Ambiguous":
      return env.breaker.failed(now, undefined)
  }
}

const isServers = (reason: OAuthError.RequestNotSent): boolean =>
  reason.problem !== "closing" && reason.problem !== "lease-lost"

// a store that does not answer for hours is claimed at again and again
const remember = (ids: ReadonlySet<string>, id: string): ReadonlySet<string> => new Set([...ids, id].slice(-16))

const forgetOthers = (ids: ReadonlySet<string>, id: string | undefined): ReadonlySet<string> =>
  id !== undefined && ids.has(id) ? new Set([id]) : Snapshot.none

const failuresOf = ({ state }: Grant.Grant): number => "failures" in state ? state.failures ?? 0 : 0
