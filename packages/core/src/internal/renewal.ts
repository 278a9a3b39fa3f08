/**
 * The refresh transaction as it runs: read, decide, claim, send, judge, save.
 * One fiber does it for a grant, whoever waits. The decisions are in
 * `transaction.ts`; this is the order of events, and what is in whose hands at
 * each moment.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Escrow } from "../Escrow.ts"
import * as Grant from "../Grant.ts"
import type { GrantEvent } from "../GrantEvent.ts"
import * as OAuthError from "../OAuthError.ts"
import * as RemoteText from "../RemoteText.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import type { TokenRequest } from "../TokenRequest.ts"
import type { Judgement } from "../TokenResponse.ts"
import type { Outcome, Reading } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import type { Brake, Breaker } from "./breaker.ts"
import type { Custody } from "./custody.ts"
import * as Snapshot from "./snapshot.ts"
import * as Stopwatch from "./stopwatch.ts"
import * as Transaction from "./transaction.ts"

/** What renewals of one service have in common. */
export interface Environment {
  readonly custody: Custody
  readonly endpoint: TokenEndpoint["Service"]
  readonly escrow: Escrow["Service"] | undefined
  readonly clock: Clock.Clock
  readonly rules: Transaction.Rules
  readonly origin: string
  readonly revocation: "grant" | "token"
  readonly holder: string
  readonly breaker: Breaker
  readonly brake: Brake
  /** How the snapshots of this process live. */
  readonly trust: () => Snapshot.Trust
  /** A fresh id. */
  readonly id: Effect.Effect<string>
  readonly digest: (token: Redacted.Redacted) => Effect.Effect<string>
  /** The request that presents a refresh token. */
  readonly request: (
    grant: Grant.Grant,
    refreshToken: Redacted.Redacted,
    need: Transaction.Need
  ) => TokenRequest
  /** Tries to end a pair at the server that no record will ever hold. */
  readonly discard: (refreshToken: Redacted.Redacted) => Effect.Effect<void>
  readonly emit: (event: GrantEvent) => void
  /** Runs an effect in the service's scope, whoever asked for it. */
  readonly fork: (effect: Effect.Effect<void>) => void
  /** Completed when the service closes. */
  readonly closing: Deferred.Deferred<void>
}

/** Brings a grant up to date with a need: adopts what stands in the store, or renews. */
export const run = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  wanted: Transaction.Need
): Effect.fn.Return<void, OAuthError.OAuthError> {
  // the newest pair is here and nowhere else: until it is saved nothing else is presented
  if (snapshot.unsaved !== undefined) return yield* fail(snapshot.unsaved.error ?? notSaved)
  if (snapshot.escrowed) return yield* fail(notSaved)
  const poll = yield* Attempts.begin(env.rules.policy.poll)
  let reading = lastHeard(env, snapshot, wanted) ?? (yield* env.custody.read(snapshot.key))
  const need = wanted.why._tag === "Forced" && wanted.why.than === undefined
    ? { ...wanted, why: { ...wanted.why, than: reading.grant } }
    : wanted
  let settled = false

  while (true) {
    const known = snapshot.grant
    const ahead = yield* writeBack(env, known, reading)
    if (ahead !== undefined) {
      if (ahead.accepted) env.emit({ _tag: "WrittenBack", key: snapshot.key })
      reading = ahead
    }
    observe(env, snapshot, reading)
    const step = Transaction.decide({
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
        return Snapshot.linger(snapshot, env.clock.currentTimeMillisUnsafe() + lingerMillis)
      }
      case "Claim": {
        if (Deferred.isDoneUnsafe(env.closing)) return yield* fail(new OAuthError.RenewalPending({ why: "closing" }))
        const rest = env.breaker.rest(env.clock.currentTimeMillisUnsafe())
        if (rest > 0) {
          return yield* fail(
            new OAuthError.ServerUnavailable({ origin: env.origin, retryAfter: Duration.millis(rest) })
          )
        }
        const next = yield* claim(env, snapshot, need, step)
        if (next === undefined) return
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
        const after = yield* settle(env, snapshot, reading, step.millis)
        settled = after.settled
        reading = after.reading
        break
      }
      case "Write": {
        const grant = reading.grant
        if (grant === undefined) break
        const writeId = yield* env.id
        const outcome = yield* env.custody.write(
          grant.version,
          Transaction.propose(grant, step.change, { now: reading.now, writeId })
        )
        if (outcome.accepted && step.change.state._tag === "ReauthorizationRequired") {
          env.emit({ _tag: "Ended", key: snapshot.key, why: step.change.state.why })
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

/** Saves what could not be saved before the process ends: the escrow, else an event says that it is lost. */
export const deposit = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot
): Effect.fn.Return<void> {
  const { unsaved } = snapshot
  if (unsaved === undefined) return
  const { claim, draft, expected } = unsaved
  const grant = Grant.stand(draft, { version: expected, now: storeNow(env, snapshot) })
  const kept = env.escrow === undefined ? undefined : yield* env.escrow.deposit({ expected, claim, grant }).pipe(
    Effect.timeoutOption(env.rules.policy.storeTimeLimit),
    Effect.exit
  )
  const escrowed = kept !== undefined && kept._tag === "Success" && kept.value._tag === "Some"
  if (escrowed) return env.emit({ _tag: "Escrowed", key: snapshot.key })
  if (!unsaved.pair) return
  env.emit({ _tag: "PairLost", key: snapshot.key })
  yield* Effect.logError("A pair of tokens could not be saved before the end, and is lost", snapshot.key.id)
})

// What was last heard, where it can be claimed as it is: if it stands no more, the claim is lost and brings what does.
const lastHeard = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need
): Reading | undefined => {
  const { grant } = snapshot
  if (grant?.state._tag !== "Active" || grant.retryAt !== undefined || need.why._tag === "Forced") return undefined
  if (!Snapshot.isTrusted(snapshot, env.clock.currentTimeMillisUnsafe(), env.trust())) return undefined
  const now = storeNow(env, snapshot)
  const step = Transaction.decide({ grant, now, need, rules: env.rules, neverSent: undefined, settled: false })
  return step._tag === "Claim" ? { now, grant } : undefined
}

// -- one claim ---------------------------------------------------------------------

// Claims the grant, presents its refresh token, and saves what came of it. Succeeds
// with the record to go on from when the claim was lost to another.
const claim = Effect.fnUntraced(function*(
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
  const lease: Lease = { elapsed: Stopwatch.start(env.clock), length: leaseFor, overtaken: false }
  const draft = Transaction.propose(grant, { state, leaseFor }, { now: storeNow(env, snapshot), writeId })

  snapshot.neverSent = writeId
  const claimed = yield* env.custody.write(grant.version, draft)
  if (!claimed.accepted || claimed.grant === undefined) return claimed
  observe(env, snapshot, claimed)

  const conclusion = yield* present(env, snapshot, need, {
    grant: claimed.grant,
    claim: state,
    body,
    failures: failuresOf(grant),
    lease,
    request: env.request(grant, refreshToken, need),
    writeId: yield* env.id
  })
  return yield* save(env, snapshot, need, claimed.grant, conclusion)
})

type Renewing = Extract<Grant.State, { readonly _tag: "Renewing" }>

interface Lease {
  elapsed: Stopwatch.Stopwatch
  readonly length: number
  /** Another process has followed. */
  overtaken: boolean
}

interface Claim {
  readonly grant: Grant.Grant
  readonly claim: Renewing
  readonly body: Grant.Open
  readonly failures: number
  readonly lease: Lease
  readonly request: TokenRequest
  /** The id of the write that ends the claim. */
  readonly writeId: string
}

/** A conclusion, and the draft that saves it. */
interface Written extends Transaction.Conclusion {
  readonly draft: Grant.Draft
}

// Presents the refresh token until there is a conclusion, while heartbeats keep the lease.
const present = (
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  held: Claim
): Effect.Effect<Written> =>
  Effect.raceFirst(
    send(env, snapshot, need, held),
    // whatever becomes of them, it is not heartbeats that end a request
    Effect.andThen(Effect.exit(heartbeats(env, snapshot, held)), Effect.never)
  )

const send = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  held: Claim
): Effect.fn.Return<Written> {
  const { policy } = env.rules
  const schedules = {
    notSent: yield* Attempts.begin(policy.notSent),
    ambiguous: yield* Attempts.begin(policy.ambiguous)
  }
  const reserve = Math.min(Duration.toMillis(policy.sendReserve), held.lease.length / 2)
  // the window is counted from the first presentation, on whichever clock has gone further
  const sinceStart = Stopwatch.start(env.clock)
  const before = Math.max(0, storeNow(env, snapshot) - held.claim.startedAt)
  let lost: Extract<Judgement, { readonly _tag: "Ambiguous" }> | undefined

  const hindrance = (): "closing" | "lease-lost" | undefined =>
    Deferred.isDoneUnsafe(env.closing)
      ? "closing"
      : held.lease.overtaken || held.lease.length - held.lease.elapsed() < reserve
      ? "lease-lost"
      : undefined
  // asked at the last moment before each sending: reading credentials takes time
  const maySend = (): boolean => hindrance() === undefined

  while (true) {
    const late = lost !== undefined && !Transaction.mayRepeat(env.rules.rotation, before + sinceStart())
    const hindered = hindrance()
    if (hindered === undefined) snapshot.neverSent = undefined
    const judgement: Judgement = lost !== undefined && late
      ? lost
      : hindered === undefined
      ? yield* env.endpoint.exchange(held.request, { timeLimit: policy.timeLimit, maySend })
      : {
        _tag: "NotSent",
        reason: new OAuthError.RequestNotSent({ problem: hindered, origin: env.origin })
      }
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
      judgement,
      lost: lost !== undefined,
      now: now + snapshot.offset,
      offset: snapshot.offset,
      need,
      rules: env.rules,
      braked,
      account: snapshot.key.account,
      provider: snapshot.key.provider
    })
    const delay = conclusion.again === undefined || late ? undefined : yield* schedules[conclusion.again]
    if (delay === undefined) {
      const draft = Transaction.propose(held.grant, conclusion.change, {
        now: now + snapshot.offset,
        writeId: held.writeId
      })
      // in hand from here on, whatever happens to this fiber
      if (conclusion.precious) {
        snapshot.unsaved = {
          expected: held.grant.version,
          claim: held.claim,
          draft,
          pair: conclusion.pair,
          error: conclusion.pair ? undefined : conclusion.error
        }
      }
      return { ...conclusion, draft }
    }
    if (judgement._tag === "Ambiguous") lost = judgement
    yield* Effect.raceFirst(Effect.sleep(delay), Deferred.await(env.closing))
  }
})

// Moves the lease while a request is under way. Never ends by itself.
const heartbeats = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  held: Claim
): Effect.fn.Return<never> {
  const { lease } = held
  while (true) {
    // a third of the lease, and quicker after a heartbeat that failed: an outage must not cost the claim
    yield* Effect.sleep(
      Duration.millis(Math.max(1, lease.elapsed() < lease.length / 3 ? lease.length / 3 : lease.length / 10))
    )
    const elapsed = Stopwatch.start(env.clock)
    const outcome = yield* Effect.option(
      env.custody.extend(snapshot.key, { version: held.grant.version, leaseFor: lease.length })
    )
    if (outcome._tag === "None") continue
    if (outcome.value.accepted) {
      lease.elapsed = elapsed
      observe(env, snapshot, outcome.value)
    } else lease.overtaken = true
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

// -- what came of it -----------------------------------------------------------------

// Saves a conclusion: now, or, where it holds what no one else has, for as long as it takes.
const save = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  written: Written
): Effect.fn.Return<Reading | undefined, OAuthError.OAuthError> {
  const outcome = yield* Effect.result(commit(env, grant, written))
  if (outcome._tag === "Success") return yield* saved(env, snapshot, need, grant, written, outcome.success)
  // the claim stays in the store, and others will follow it when its time has passed
  if (!written.precious) return yield* fail(written.error ?? outcome.failure.reason)
  if (written.pair) env.emit({ _tag: "Unsaved", key: snapshot.key, reason: outcome.failure.reason })
  hold(env, snapshot, written.draft)
  env.fork(persist(env, snapshot, need, grant, written))
  return written.error === undefined ? undefined : yield* fail(written.error)
})

const commit = (
  env: Environment,
  grant: Grant.Grant,
  written: Written
): Effect.Effect<Outcome, OAuthError.OAuthError> =>
  env.custody.conclude(
    grant.version,
    written.precious && grant.state._tag === "Renewing" ? grant.state : undefined,
    written.draft
  )

// Tries to save for as long as the schedule says; closing ends it and hands over to the escrow.
const persist = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  written: Written
): Effect.fn.Return<void> {
  const attempts = yield* Attempts.begin(env.rules.policy.persist)
  let delay = Duration.seconds(1)
  while (true) {
    // a schedule that ends is no reason to give up
    delay = (yield* attempts) ?? delay
    yield* Effect.sleep(delay)
    const outcome = yield* Effect.result(commit(env, grant, written))
    if (outcome._tag === "Failure") continue
    if (outcome.success.accepted && written.pair) env.emit({ _tag: "Saved", key: snapshot.key })
    return yield* Effect.ignore(saved(env, snapshot, need, grant, written, outcome.success))
  }
})

// The store has answered: the conclusion stands, or somebody else's word does.
const saved = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  need: Transaction.Need,
  grant: Grant.Grant,
  conclusion: Written,
  outcome: Outcome
): Effect.fn.Return<Reading | undefined, OAuthError.OAuthError> {
  snapshot.unsaved = undefined
  observe(env, snapshot, outcome)
  if (!outcome.accepted) {
    if (conclusion.pair) yield* overtaken(env, snapshot, grant, conclusion, outcome)
    return outcome
  }
  const { change, error } = conclusion
  const { key } = snapshot
  if (error === undefined) {
    noteRefusal(env, snapshot, need)
    env.emit({
      _tag: "Renewed",
      key,
      why: need.why._tag === "Expiring" ? "expiring" : need.why._tag === "Refused" ? "refused" : "forced",
      rotated: isRotated(grant, outcome.grant),
      attempt: grant.state._tag === "Renewing" ? grant.state.attempt : 1
    })
    return undefined
  }
  if (change.state._tag === "ReauthorizationRequired") env.emit({ _tag: "Ended", key, why: change.state.why })
  else if (change.body?.quarantined !== undefined) env.emit({ _tag: "Quarantined", key, reason: error })
  else env.emit({ _tag: "RenewalFailed", key, reason: error })
  return yield* fail(error)
})

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
  if (mayEnd) yield* env.discard(refreshToken)
})

// -- the store's time ------------------------------------------------------------------

// A store that went back in time holds an older pair of the lineage than this process: the newer is written again.
const writeBack = Effect.fnUntraced(function*(
  env: Environment,
  known: Grant.Grant | undefined,
  reading: Reading
): Effect.fn.Return<Outcome | undefined, OAuthError.OAuthError> {
  const standing = reading.grant
  if (
    known === undefined || standing === undefined || known.lineage !== standing.lineage ||
    known.serial <= standing.serial || Transaction.isFinal(standing.state) ||
    standing.installation !== env.rules.installation
  ) return undefined
  const writeId = yield* env.id
  const { attempt, presented, startedAt } = known.state._tag === "Renewing" ? known.state : noClaim
  return yield* env.custody.write(
    standing.version,
    Transaction.propose(known, {
      // as it is known, but for a claim: what became of that is known to its holder alone
      state: known.state._tag === "Renewing"
        ? { _tag: "Indeterminate", presented, since: startedAt, attempt }
        : known.state,
      retryIn: known.retryAt === undefined ? undefined : Math.max(0, known.retryAt - reading.now)
    }, { now: reading.now, writeId })
  )
})

const noClaim = { attempt: 1, presented: "", startedAt: 0 }

// Watches a claim whose lease ran out: it has settled when it stood unchanged while the store answered.
const settle = Effect.fnUntraced(function*(
  env: Environment,
  snapshot: Snapshot.Snapshot,
  first: Reading,
  millis: number
): Effect.fn.Return<{ readonly reading: Reading; readonly settled: boolean }, OAuthError.OAuthError> {
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

// -- the snapshot ------------------------------------------------------------------------

const observe = (env: Environment, snapshot: Snapshot.Snapshot, reading: Reading): void =>
  Snapshot.observe(snapshot, reading, env.clock.currentTimeMillisUnsafe(), env.trust())

// Uses a pair that the store has not taken yet.
const hold = (env: Environment, snapshot: Snapshot.Snapshot, draft: Grant.Draft): void =>
  observe(env, snapshot, {
    now: storeNow(env, snapshot),
    grant: Grant.stand(draft, { version: snapshot.grant?.version ?? "", now: storeNow(env, snapshot) })
  })

const storeNow = (env: Environment, snapshot: Snapshot.Snapshot): number =>
  env.clock.currentTimeMillisUnsafe() + snapshot.offset

const noteRefusal = (env: Environment, snapshot: Snapshot.Snapshot, need: Transaction.Need): void => {
  const token = snapshot.grant === undefined || need.why._tag !== "Refused"
    ? undefined
    : Grant.accessToken(snapshot.grant, need.target.id)
  const slot = snapshot.slots.find(({ target }) => target.id === need.target.id)
  if (token !== undefined && slot !== undefined) {
    slot.refusal = { token: token.value, at: env.clock.currentTimeMillisUnsafe() }
  }
}

const failuresOf = ({ state }: Grant.Grant): number => "failures" in state ? state.failures ?? 0 : 0

const isRotated = (before: Grant.Grant, after: Grant.Grant | undefined): boolean => {
  const old = before.body._tag === "Open" ? before.body.refreshToken : undefined
  const next = after?.body._tag === "Open" ? after.body.refreshToken : undefined
  return old !== undefined && next !== undefined && Redacted.value(old) !== Redacted.value(next)
}

const lingerMillis = 250

const notSaved = new OAuthError.StoreUnavailable({ store: "TokenStore", problem: "unsaved" })

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

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("TokenService", "token", reason))
