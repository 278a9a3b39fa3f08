/**
 * What becomes of a conclusion: it is saved, or held in memory until it is, or
 * put into escrow, or overtaken by what others wrote.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Grant from "../Grant.ts"
import type * as OAuthError from "../OAuthError.ts"
import type { Outcome, Reading } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import { type Environment, fail, observe, storeNow } from "./environment.ts"
import type * as Snapshot from "./snapshot.ts"
import * as Stopwatch from "./stopwatch.ts"
import * as Transaction from "./transaction.ts"

/** A conclusion, and the draft that saves it. */
export interface Written extends Transaction.Conclusion {
  readonly draft: Grant.Draft
  /** The version of the record that was claimed. */
  readonly claimed: string
}

/** Saves a conclusion: now, or, where it holds what no one else has, for as long as it takes. */
export const save = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  written: Written
): Effect.Effect<Reading | undefined, OAuthError.OAuthError> =>
  Effect.matchEffect(commit(env, grant, written), {
    onSuccess: (outcome) => saved(env, snapshot, need, grant, written, outcome),
    onFailure: ({ reason }) => {
      if (!written.precious) {
        env.fork(release(env, snapshot, need, grant, written))
        return fail(written.error ?? reason)
      }
      if (written.pair) env.emit({ _tag: "Unsaved", key: snapshot.key, reason })
      hold(env, snapshot, written.draft)
      env.fork(persist(env, snapshot, need, grant, written))
      return written.error === undefined ? Effect.undefined : fail(written.error)
    }
  })

/** Saves what could not be saved before the process ends: the escrow, else an event says that it is lost. */
export const deposit = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot
): Effect.fn.Return<void> {
  const { unsaved } = snapshot
  if (unsaved === undefined) return
  const { claim, claimed, draft, expected } = unsaved
  const grant = Grant.stand(draft, { version: expected, now: storeNow(env, snapshot) })
  const kept = env.escrow === undefined ?
    undefined :
    yield* env.escrow.deposit({ expected, claim, claimed, grant }).pipe(
      Effect.timeoutOption(env.rules.policy.storeTimeLimit),
      Effect.exit
    )
  const escrowed = kept !== undefined && kept._tag === "Success" && kept.value._tag === "Some"
  if (escrowed) return env.emit({ _tag: "Escrowed", key: snapshot.key })
  if (!unsaved.pair) return
  env.emit({ _tag: "PairLost", key: snapshot.key })
  yield* Effect.logError("A pair of tokens could not be saved before the end, and is lost", snapshot.key.id)
})

const commit = (
  env: Environment,
  grant: Grant.Grant,
  written: Written
): Effect.Effect<Outcome, OAuthError.OAuthError> =>
  env.custody.conclude(
    grant.version,
    written.precious && grant.state._tag === "Renewing" ? grant.state : undefined,
    written.draft,
    written.claimed
  )

// Tries to save for as long as the schedule says; closing ends it and hands over to the escrow.
const persist = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  written: Written
): Effect.fn.Return<void> {
  const attempts = Attempts.begin(env.rules.policy.persist)
  const note = env.note("Saved", written.draft.note?.what)
  const late = { ...written, draft: { ...written.draft, note } }
  let delay = Duration.seconds(1)
  while (true) {
    // a schedule that ends is no reason to give up
    delay = (yield* attempts) ?? delay
    yield* Effect.sleep(delay)
    const outcome = yield* Effect.result(commit(env, grant, late))
    if (outcome._tag === "Failure") continue
    if (outcome.success.accepted && written.pair) env.emit({ _tag: "Saved", key: snapshot.key })
    return yield* Effect.ignore(saved(env, snapshot, need, grant, written, outcome.success))
  }
})

// Tries to release a claim for as long as it is ours. After that it is followed as that of a process which died.
const release = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  written: Written
): Effect.fn.Return<void> {
  const attempts = Attempts.begin(env.rules.policy.persist)
  const elapsed = Stopwatch.start(env.clock)
  const lease = Duration.toMillis(env.rules.policy.lease)
  while (elapsed() < lease && !Deferred.isDoneUnsafe(env.closing)) {
    const delay = (yield* attempts) ?? Duration.seconds(1)
    yield* Effect.raceFirst(Effect.sleep(delay), Deferred.await(env.closing))
    const outcome = yield* Effect.result(commit(env, grant, written))
    if (outcome._tag === "Success") {
      return yield* Effect.ignore(saved(env, snapshot, need, grant, written, outcome.success))
    }
  }
})

// The store has answered: the conclusion stands, or somebody else's word does.
const saved = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  conclusion: Written,
  outcome: Outcome
): Effect.Effect<Reading | undefined, OAuthError.OAuthError> => {
  if (conclusion.precious) snapshot.unsaved = undefined
  // a store that went back in time forgot the pair that was claimed: the next look writes it back
  const hasGoneBack = outcome.grant !== undefined && Transaction.hasGoneBack(outcome.grant, grant)
  observe(env, snapshot, hasGoneBack ? { now: outcome.now, grant } : outcome)
  if (!outcome.accepted) {
    return conclusion.pair
      ? Effect.as(overtaken(env, snapshot, grant, conclusion, outcome), outcome)
      : Effect.succeed(outcome)
  }
  const { change, error } = conclusion
  const { key } = snapshot
  if (error === undefined) {
    noteRefusal(env, snapshot, need)
    env.emit({
      _tag: "Renewed",
      key,
      why: why[need.why._tag],
      rotated: isRotated(grant, outcome.grant),
      attempt: grant.state._tag === "Renewing" ? grant.state.attempt : 1,
      millis: snapshot.flight === undefined
        ? 0
        : Math.max(0, env.clock.currentTimeMillisUnsafe() - snapshot.flight.since),
      age: ageOf(grant, need, outcome.now),
      waiters: snapshot.flight?.waiters ?? 0
    })
    if (change.body !== undefined && Transaction.presentable(change.body) === undefined) {
      env.emit({ _tag: "ReconnectSoon", key })
    }
    return Effect.undefined
  }
  if (change.state._tag === "ReauthorizationRequired") env.emit({ _tag: "Ended", key, why: change.state.why })
  else if (change.body?.quarantined !== undefined) env.emit({ _tag: "Quarantined", key, reason: error })
  else env.emit({ _tag: "RenewalFailed", key, reason: error })
  return fail(error)
}

const ageOf = (grant: Grant.Grant, { target }: Transaction.Need, now: number): number | undefined => {
  const token = Grant.accessToken(grant, target.id)
  return token === undefined ? undefined : Math.max(0, now - token.issuedAt)
}

// Another process has followed: what stands is adopted, and the own pair is forgotten. It is ended at
// the server only where that cannot end the lineage that stands.
const overtaken = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  grant: Grant.Grant,
  conclusion: Written,
  outcome: Outcome
): Effect.fn.Return<void> {
  const standing = outcome.grant
  const refreshToken = conclusion.change.body === undefined
    ? undefined
    : Transaction.presentable(conclusion.change.body)
  const mayEnd = refreshToken !== undefined && standing !== undefined && (
    standing.state._tag === "Revoked" ||
    (standing.lineage !== grant.lineage && env.revocation === "token")
  )
  env.emit({ _tag: "Overtaken", key: snapshot.key, leftToExpire: refreshToken !== undefined && !mayEnd })
  if (mayEnd) yield* env.discard(refreshToken, conclusion.change.body?.kept)
})

// Uses a pair that the store has not taken yet.
const hold = (env: Environment, snapshot: Snapshot.Snapshot, draft: Grant.Draft): void =>
  observe(env, snapshot, {
    now: storeNow(env, snapshot),
    grant: Grant.stand(draft, { version: snapshot.grant?.version ?? "", now: storeNow(env, snapshot) })
  })

const noteRefusal = (env: Environment, snapshot: Snapshot.Snapshot, need: Transaction.Need): void => {
  const token = snapshot.grant === undefined || need.why._tag !== "Refused"
    ? undefined
    : Grant.accessToken(snapshot.grant, need.target.id)
  const slot = snapshot.slots.find(({ target }) => target.id === need.target.id)
  if (token !== undefined && slot !== undefined) {
    slot.refusal = { token: token.value, at: env.clock.currentTimeMillisUnsafe() }
  }
}

const why = { Expiring: "expiring", Refused: "refused", Forced: "forced", Kept: "kept" } as const

const isRotated = (before: Grant.Grant, after: Grant.Grant | undefined): boolean => {
  const old = before.body._tag === "Open" ? before.body.refreshToken : undefined
  const next = after?.body._tag === "Open" ? after.body.refreshToken : undefined
  return old !== undefined && next !== undefined && Redacted.value(old) !== Redacted.value(next)
}
