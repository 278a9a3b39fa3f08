/**
 * The refresh transaction as it runs: read, decide, and adopt, claim, wait or
 * rest. One fiber does it for a grant, whoever waits. The decisions are in
 * `transaction.ts`, what a claim does is in `claim.ts`, and how its outcome is
 * kept in `commit.ts`.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Grant from "../Grant.ts"
import * as OAuthError from "../OAuthError.ts"
import * as RemoteText from "../RemoteText.ts"
import type { Outcome, Reading } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import { claim } from "./claim.ts"
import { type Environment, fail, notSaved, observe, storeNow } from "./environment.ts"
import * as Snapshot from "./snapshot.ts"
import * as Stopwatch from "./stopwatch.ts"
import * as Transaction from "./transaction.ts"

/** Brings a grant up to date with a need: adopts what stands in the store, or renews. */
export const run = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  wanted: Transaction.Need
): Effect.fn.Return<Snapshot.Landing, OAuthError.OAuthError> {
  // the newest pair is here and nowhere else: until it is saved nothing else is presented
  if (snapshot.unsaved !== undefined) return yield* fail(snapshot.unsaved.error ?? notSaved)
  if (snapshot.escrowed) return yield* fail(notSaved)
  if (wanted.why._tag === "Kept" && rests(env) > 0) return yield* leaveAlone(env)
  const poll = Attempts.begin(env.rules.policy.poll)
  const recalled = lastHeard(env, snapshot, wanted)
  let reading: Reading = recalled?.reading ?? (yield* env.custody.read(snapshot.key))
  const need = wanted.why._tag === "Forced" && wanted.why.than === undefined
    ? { ...wanted, why: { ...wanted.why, than: reading.grant } }
    : wanted
  let settled = false

  while (true) {
    const known = snapshot.grant
    if (known !== undefined && reading.grant !== undefined && goesBack(env, reading.grant, known)) {
      const ahead: Outcome = yield* writeBack(env, known, reading.grant.version, reading.now)
      reading = ahead
      // what somebody else has written back meanwhile may be older too
      if (!ahead.accepted) continue
      env.emit({ _tag: "WrittenBack", key: snapshot.key })
    }
    // to recall is not to hear: what is known gets no younger by it
    if (reading !== recalled?.reading) observe(env, snapshot, reading)
    const step: Transaction.Step = reading === recalled?.reading ? recalled.step : Transaction.decide({
      grant: reading.grant,
      now: reading.now,
      need,
      rules: env.rules,
      neverSent: snapshot.neverSent,
      settled
    })
    settled = false

    switch (step._tag) {
      case "Adopt": {
        if (known !== undefined && (known.serial !== step.grant.serial || known.lineage !== step.grant.lineage)) {
          env.emit({ _tag: "Adopted", key: snapshot.key })
        }
        // where the token is due and cannot be renewed now, it is not asked about at every use
        Snapshot.linger(snapshot, env.clock.currentTimeMillisUnsafe() + lingerMillis)
        return "current"
      }
      case "Claim": {
        if (Deferred.isDoneUnsafe(env.closing)) return yield* fail(new OAuthError.RenewalPending({ why: "closing" }))
        if (rests(env) > 0) return yield* leaveAlone(env)
        const now = env.clock.currentTimeMillisUnsafe()
        // a grant is kept alive for the targets that the server gives tokens for: one that rests makes nothing due
        const kept = need.why._tag === "Kept"
          ? Transaction.without(step.grant, (target) => Snapshot.restsUntil(snapshot, target) > now)
          : undefined
        if (
          kept !== undefined && kept !== step.grant &&
          (Transaction.dueIn(kept, reading.now, env.rules) ?? Number.POSITIVE_INFINITY) > 0
        ) return "current"
        const target = kept === undefined
          ? need.target
          : Transaction.dueTarget(kept, reading.now, env.rules.policy)
        const rest = Snapshot.restsUntil(snapshot, target.id) - now
        if (rest > 0) {
          const usable = need.why._tag === "Expiring" &&
            snapshot.slots.some((slot) => slot.target.id === target.id && Snapshot.isUsable(slot, now))
          if (!usable) {
            return yield* fail(
              new OAuthError.RenewalPending({ why: "backing-off", retryAfter: Duration.millis(rest) })
            )
          }
          Snapshot.linger(snapshot, now + lingerMillis)
          return "current"
        }
        const next = yield* claim(env, snapshot, { ...need, target }, step)
        if (next === undefined) return "renewed"
        reading = next
        break
      }
      case "Await": {
        const delay = (yield* poll) ?? Duration.seconds(1)
        const left = Duration.millis(step.leaseUntil - reading.now + 1)
        yield* pause(env, snapshot, Duration.min(delay, left))
        reading = yield* env.custody.read(snapshot.key)
        break
      }
      case "Settle": {
        const after: Settled = yield* settle(env, snapshot, reading, step.millis)
        settled = after.settled
        reading = after.reading
        break
      }
      case "Write": {
        const grant = reading.grant
        if (grant === undefined) break
        const { state } = step.change
        const writeId = yield* env.id
        const outcome = yield* env.custody.write(
          grant.version,
          Transaction.propose(grant, step.change, {
            now: reading.now,
            writeId,
            note: state._tag === "Indeterminate"
              ? env.note("Indeterminate", "lease-ran-out")
              : env.note("Ended", state.why)
          })
        )
        if (outcome.accepted && state._tag === "ReauthorizationRequired") {
          env.emit({ _tag: "Ended", key: snapshot.key, why: state.why })
        }
        reading = outcome
        break
      }
      case "Rest":
        return yield* fail(
          new OAuthError.RenewalPending({ why: step.why, retryAfter: Duration.millis(step.until - reading.now) })
        )
      case "End":
        return yield* fail(ended(snapshot, step))
      case "Refuse":
        return yield* fail(step.reason)
    }
  }
})

// For how many milliseconds the server is to be left alone.
const rests = (env: Environment): number => env.breaker.rest(env.clock.currentTimeMillisUnsafe())

const leaveAlone = (env: Environment): Effect.Effect<never, OAuthError.OAuthError> =>
  fail(new OAuthError.ServerUnavailable({ origin: env.origin, retryAfter: Duration.millis(rests(env)) }))

// What was last heard, where it can be claimed as it is: if it stands no more, the claim is lost and brings what does.
const lastHeard = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need
): { readonly reading: Reading; readonly step: Transaction.Step } | undefined => {
  const { grant } = snapshot
  if (grant?.state._tag !== "Active" || grant.retryAt !== undefined || need.why._tag === "Forced") return undefined
  if (!Snapshot.isTrusted(snapshot, env.clock.currentTimeMillisUnsafe(), env.trust())) return undefined
  const now = storeNow(env, snapshot)
  const step = Transaction.decide({ grant, now, need, rules: env.rules, neverSent: Snapshot.none, settled: false })
  return step._tag === "Claim" ? { reading: { now, grant }, step } : undefined
}

// Whether a store went back in time, and holds an older pair of the lineage than this process.
const goesBack = (env: Environment, standing: Grant.Grant, known: Grant.Grant): boolean =>
  Transaction.hasGoneBack(standing, known) && Math.max(known.format, standing.format) <= Grant.format &&
  standing.installation === env.rules.installation

// Writes the newer pair again.
const writeBack = (
  env: Environment,
  known: Grant.Grant,
  version: string,
  now: number
): Effect.Effect<Outcome, OAuthError.OAuthError> =>
  Effect.flatMap(env.id, (writeId) => {
    const { attempt, presented, startedAt } = known.state._tag === "Renewing" ? known.state : noClaim
    return env.custody.write(
      version,
      Transaction.propose(known, {
        // as it is known, but for a claim: what became of that is known to its holder alone
        state: known.state._tag === "Renewing"
          ? { _tag: "Indeterminate", presented, since: startedAt, attempt }
          : known.state,
        retryIn: known.retryAt === undefined ? undefined : Math.max(0, known.retryAt - now)
      }, { now, writeId, note: env.note("WrittenBack") })
    )
  })

const noClaim = { attempt: 1, presented: "", startedAt: 0 }

// Watches a claim whose lease ran out: it has settled when it stood unchanged while the store answered.
const settle = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  first: Reading,
  millis: number
): Effect.fn.Return<Settled, OAuthError.OAuthError> {
  const elapsed = Stopwatch.startMonotonic(env.clock)
  while (true) {
    yield* pause(env, snapshot, Duration.millis(Math.max(1, Math.min(millis / 4, millis - elapsed()))))
    const reading = yield* env.custody.read(snapshot.key)
    const { grant } = reading
    if (grant?.version !== first.grant?.version || grant?.leaseUntil !== first.grant?.leaseUntil) {
      return { reading, settled: false }
    }
    if (elapsed() >= millis) return { reading, settled: true }
  }
})

interface Settled {
  readonly reading: Reading
  readonly settled: boolean
}

// Waits until the time is over or the store notifies; fails when the service closes.
const pause = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  duration: Duration.Duration
): Effect.Effect<void, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const moved = snapshot.moved ??= Deferred.makeUnsafe<void>()
    return Effect.raceFirst(
      Effect.sleep(duration),
      Effect.raceFirst(Deferred.await(moved), Deferred.await(env.closing))
    )
  }).pipe(
    Effect.flatMap(() =>
      Deferred.isDoneUnsafe(env.closing) ? fail(new OAuthError.RenewalPending({ why: "closing" })) : Effect.void
    )
  )

const ended = (
  { key }: Snapshot.Snapshot,
  { description, why }: { readonly why: OAuthError.ReauthorizationCause; readonly description?: string | undefined }
): OAuthError.OAuthErrorReason =>
  new OAuthError.ReauthorizationRequired({
    why,
    provider: key.provider,
    account: key.account,
    description: RemoteText.fromUnknown(description)
  })

const lingerMillis = 250
