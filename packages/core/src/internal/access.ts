/**
 * Handing out tokens: at once where that is possible, and by one renewal for
 * everyone who waits where it is not.
 *
 * It is long because every way to a token ends in the one renewal that is begun here.
 */
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import type { GrantKey } from "../GrantKey.ts"
import * as OAuthError from "../OAuthError.ts"
import * as Target from "../Target.ts"
import type { AccessToken } from "../TokenSet.ts"
import type { Reading } from "../TokenStore.ts"
import { hear } from "./environment.ts"
import * as Renewal from "./renewal.ts"
import * as Service from "./service.ts"
import * as Snapshot from "./snapshot.ts"
import * as Spans from "./spans.ts"
import type { Need } from "./transaction.ts"
import * as Transaction from "./transaction.ts"

/** A token that can be used now. */
export const token = (self: Service.Service, slot: Snapshot.Slot): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const now = self.renewal.clock.currentTimeMillisUnsafe()
    return Snapshot.isFresh(slot, now) && slot.exit !== undefined ? slot.exit : current(self, slot, now)
  })

/** A token instead of one that was refused. */
export const refused = (
  self: Service.Service,
  bound: Snapshot.Slot,
  token: AccessToken
): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const slot = Service.live(self, bound)
    const value = Redacted.value(token.value)
    const isOther = (slot: Snapshot.Slot) => held(slot) !== undefined && held(slot) !== value
    const now = self.renewal.clock.currentTimeMillisUnsafe()
    if (isOther(slot)) return current(self, slot, now)
    const { refusal } = slot
    const cooldown = Duration.toMillis(self.policy.refusalCooldown)
    const age = refusal === undefined ? cooldown : now - refusal.at
    if (refusal !== undefined && Redacted.value(refusal.token) === value && age >= 0 && age < cooldown) {
      return fail("refused", new OAuthError.RefusedAgain({ retryAfter: Duration.millis(cooldown - age) }))
    }
    return want(self, slot, { target: slot.target, why: { _tag: "Refused", token: value } }, isOther)
  })

/** Renews whether due or not. */
export const refresh = (
  self: Service.Service,
  slot: Snapshot.Slot
): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const before = slot.snapshot.grant
    // newer than the pair that stands in the store, which may be newer than the one known here
    const need: Need = { target: slot.target, why: { _tag: "Forced", than: undefined } }
    const isNewer = ({ snapshot: { grant } }: Snapshot.Slot) =>
      grant !== undefined && (before === undefined || Transaction.isNewer(grant, before))
    return want(self, slot, need, isNewer)
  })

/** Renews a grant whose record says that it is due, though nobody asks; what was not known of it is forgotten after. */
export const keep = (
  self: Service.Service,
  key: GrantKey
): Effect.Effect<Snapshot.Landing, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const used = self.snapshots.has(key.id)
    const snapshot = Service.snapshot(self, key)
    return snapshot.flight === undefined
      ? Deferred.await(launch(self, snapshot, { target: Target.whole, why: { _tag: "Kept", used } }).done)
      : Effect.as(Deferred.await(snapshot.flight.done), "current")
  })

// The token is not fresh: it may be due, or may have to be looked at again, or have ended.
const current = (
  self: Service.Service,
  bound: Snapshot.Slot,
  now: number,
  looks = 0
): Effect.Effect<AccessToken, OAuthError.OAuthError> => {
  // whoever came first has found out that there is nothing but to wait
  const flight = underWay(bound.snapshot)
  const herd = flight?.herd
  if (flight !== undefined && herd?.slot === bound && now >= herd.since && now <= herd.shared) {
    if (!Snapshot.isUsable(bound, now)) {
      flight.waiters++
      return herd.token
    }
  }
  const slot = Service.live(self, bound)
  Snapshot.touch(slot.snapshot, self.renewal.trust())
  if (Snapshot.isFresh(slot, now) && slot.exit !== undefined) return slot.exit
  const isUsable = () => Snapshot.isUsable(slot, self.renewal.clock.currentTimeMillisUnsafe())
  if (!isUsable()) return gather(self, slot)
  if (!Snapshot.isTrusted(slot.snapshot, now, self.renewal.trust())) {
    if (looks >= turns) return gather(self, slot)
    // to know whether a usable token still stands takes a look, and no renewal
    return Effect.timeoutOrElse(
      Effect.flatMap(
        look(self, slot.snapshot),
        (heard) => current(self, slot, self.renewal.clock.currentTimeMillisUnsafe(), heard ? looks + 1 : turns)
      ),
      { duration: self.policy.waitAtMost, orElse: () => exceededOf(self, slot) }
    )
  }

  // usable and due: it is returned, and renewed meanwhile, or before, or as the hook will have it
  const { snapshot } = slot
  const { background } = self.policy
  const usable = slot.exit ?? exceeded
  if (background === "scope") {
    // while somebody is at it, and no longer than what is known may be trusted
    const trusted = self.renewal.trust().notified
      ? Number.POSITIVE_INFINITY
      : snapshot.heardAt + Duration.toMillis(self.policy.maxStaleness)
    Snapshot.linger(snapshot, Math.min(now + Duration.toMillis(self.policy.waitAtMost), trusted))
    if (snapshot.flight === undefined) launch(self, snapshot, expiring(slot))
    return usable
  }
  const { done } = snapshot.flight ?? launch(self, snapshot, expiring(slot))
  const renewal = Effect.ignore(Deferred.await(done))
  const waiting = background === "inline"
    ? Effect.timeoutOption(renewal, self.policy.waitAtMost)
    : background(renewal)
  // by now the token may have ended, or the grant, and then that is the answer
  return Effect.andThen(
    waiting,
    Effect.suspend(() =>
      isUsable() && slot.exit !== undefined ? slot.exit : Deferred.isDoneUnsafe(done)
        ? Effect.flatMap(Deferred.await(done), () => exceeded)
        : exceeded
    )
  )
}

// Waits for a renewal after which the token can be used, whoever started it; starts one where there is none. Those who
// come at nearly the same time for the same token wait on the same thing, which costs each of them nothing more.
const gather = (
  self: Service.Service,
  slot: Snapshot.Slot,
  turn = 0,
  deadline?: number
): Effect.Effect<AccessToken, OAuthError.OAuthError> => {
  const { snapshot } = slot
  snapshot.used = true
  const flight = underWay(snapshot) ?? launch(self, snapshot, expiring(slot))
  flight.waiters++
  const now = self.renewal.clock.currentTimeMillisUnsafe()
  const until = deadline ?? now + Duration.toMillis(self.policy.waitAtMost)
  const { herd } = flight
  if (herd !== undefined && herd.slot === slot && herd.until === until && herd.turn === turn) return herd.token

  // somebody else's renewal is waited for, however many there are, and counts for nothing
  const theirs = flight.need.why._tag !== "Expiring" || flight.need.target.id !== slot.target.id
  const again = (turn: number) => gather(self, Service.live(self, slot), turn, until)
  const isUsable = () => Snapshot.isUsable(slot, self.renewal.clock.currentTimeMillisUnsafe())
  const ends = {
    onSuccess: (landing: Snapshot.Landing | "exceeded") => {
      // a renewal that takes longer than these callers may wait is no reason to withhold a usable token
      if (landing === "exceeded") return exceededOf(self, slot)
      if (isUsable() && slot.exit !== undefined) return slot.exit
      return turn < turns ? again(theirs ? turn : turn + 1) : backingOff
    },
    onFailure: (cause: Cause.Cause<OAuthError.OAuthError>) => {
      // a usable token is served through an outage of the server or of the store
      if (isUsable() && slot.exit !== undefined) return slot.exit
      return theirs ? again(turn) : Effect.failCause(cause)
    }
  }
  const { done, heard } = join(self, flight, until, now)
  if (Deferred.isDoneUnsafe(done)) return Effect.matchCauseEffect(Deferred.await(done), ends)
  const token = Deferred.makeUnsafe<AccessToken, OAuthError.OAuthError>()
  // a token that can be used is the answer however the renewal ended; otherwise each caller looks, if it still waits
  heard.push((exit) =>
    Deferred.doneUnsafe(
      token,
      isUsable() && slot.exit !== undefined ? slot.exit : Effect.suspend(() => Exit.match(exit, ends))
    )
  )
  // those who come a thousandth of their time later wait for as much less
  const since = deadline === undefined ? now : Number.POSITIVE_INFINITY
  const shared = since + (until - since) / 1_000
  flight.herd = { slot, since, shared, until, turn, token: Deferred.await(token) }
  return flight.herd.token
}

const underWay = ({ flight }: Snapshot.Snapshot): Snapshot.Flight | undefined => flight

const expiring = ({ target }: Snapshot.Slot): Need => ({ target, why: { _tag: "Expiring" } })

// Waits for a renewal that satisfies, whoever started it; starts one where there is none.
const want = (
  self: Service.Service,
  bound: Snapshot.Slot,
  need: Need,
  isSatisfiedBy: (slot: Snapshot.Slot) => boolean,
  turn = 0,
  deadline?: number
): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const slot = Service.live(self, bound)
    slot.snapshot.used = true
    const joined = slot.snapshot.flight
    const flight = joined ?? launch(self, slot.snapshot, need)
    flight.waiters++
    const now = self.renewal.clock.currentTimeMillisUnsafe()
    const until = deadline ?? now + Duration.toMillis(self.policy.waitAtMost)
    // somebody else's renewal is waited for, however many there are, and counts for nothing
    const theirs = joined !== undefined &&
      (joined.need.why._tag !== need.why._tag || joined.need.target.id !== need.target.id)
    const again = want(self, slot, need, isSatisfiedBy, theirs ? turn : turn + 1, until)
    return Effect.matchCauseEffect(Deferred.await(join(self, flight, until, now).done), {
      onSuccess: (landing) => {
        if (landing === "exceeded") return exceeded
        if (isSatisfiedBy(slot) && slot.exit !== undefined) return slot.exit
        return turn < turns ? again : backingOff
      },
      onFailure: (cause) => theirs ? again : Effect.failCause(cause)
    })
  })

// Callers of one deadline share a timer.
const join = (self: Service.Service, flight: Snapshot.Flight, until: number, now: number): Snapshot.Wait => {
  const known = flight.waits.get(until)
  if (known !== undefined) return known
  const landed = Deferred.isDoneUnsafe(flight.done)
  const callers: Omit<Snapshot.Wait, "end"> = { done: Deferred.makeUnsafe(), heard: [] }
  const end = landed || !Number.isFinite(until) ? undefined : self.renewal.limit(until - now)(() => {
    // who comes at the same instant once more, by a clock that was set back, has not waited
    flight.waits.delete(until)
    if (flight.herd?.until === until) flight.herd = undefined
    tell(callers, Exit.succeed("exceeded"))
  })
  const wait = { ...callers, end }
  // a renewal that came to its end at once has nobody left to tell
  if (landed) Deferred.doneUnsafe(wait.done, Deferred.await(flight.done))
  else flight.waits.set(until, wait)
  return wait
}

const tell = (
  { done, heard }: Omit<Snapshot.Wait, "end">,
  exit: Exit.Exit<Snapshot.Landing | "exceeded", OAuthError.OAuthError>
): void => {
  Deferred.doneUnsafe(done, exit)
  for (const hear of heard) hear(exit)
}

// Asks the store what stands, once for everyone who wants to know. Comes to nothing where the store went back in time:
// that takes a renewal, which writes back what is known.
const look = (self: Service.Service, snapshot: Snapshot.Snapshot): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    if (snapshot.look !== undefined) return Deferred.await(snapshot.look)
    const done = snapshot.look = Deferred.makeUnsafe<boolean>()
    self.renewal.fork(
      self.renewal.custody.read(snapshot.key).pipe(
        Effect.map((reading) => learn(self, snapshot, reading)),
        // while the store is away usable tokens are returned without asking at every use
        Effect.catch(() =>
          Effect.sync(() => {
            Snapshot.linger(snapshot, self.renewal.clock.currentTimeMillisUnsafe() + restAfterFailure)
            return true
          })
        )
      )
    ).addObserver((exit) => {
      snapshot.look = undefined
      Deferred.doneUnsafe(done, Effect.succeed(Exit.isSuccess(exit) && exit.value))
    })
    return Deferred.await(done)
  })

const learn = (self: Service.Service, snapshot: Snapshot.Snapshot, reading: Reading): boolean => {
  const known = snapshot.grant
  const { grant } = reading
  if (known !== undefined && grant !== undefined && Transaction.isBehind(grant, known)) return false
  hear(self.renewal, snapshot, reading)
  if (known !== undefined && snapshot.grant !== undefined && Transaction.isNewer(snapshot.grant, known)) {
    self.renewal.emit({ _tag: "Adopted", key: snapshot.key })
  }
  return true
}

// Starts the one renewal of a grant, in the service's scope.
const launch = (self: Service.Service, snapshot: Snapshot.Snapshot, need: Need): Snapshot.Flight => {
  const since = self.renewal.clock.currentTimeMillisUnsafe()
  const flight: Snapshot.Flight = {
    need,
    done: Deferred.makeUnsafe(),
    since,
    waiters: 0,
    herd: undefined,
    waits: new Map()
  }
  snapshot.flight = flight
  self.renewal.fork(
    Spans.withSpan(
      Effect.catchDefect(Renewal.run(self.renewal, snapshot, need), (defect) =>
        Effect.andThen(
          Effect.logError("A renewal died", defect instanceof Error ? defect.name : "defect"),
          fail("token", new OAuthError.StoreUnavailable({ store: self.store.name, problem: "defect" }))
        )),
      "TokenService.renew",
      { root: true, attributes: { "oauth.provider": snapshot.key.provider, "oauth.renewal.why": need.why._tag } }
    )
  ).addObserver((exit) => land(self, snapshot, flight, Exit.hasInterrupts(exit) ? closing : exit))
  return flight
}

const land = (
  self: Service.Service,
  snapshot: Snapshot.Snapshot,
  flight: Snapshot.Flight,
  exit: Exit.Exit<Snapshot.Landing, OAuthError.OAuthError>
): void => {
  if (snapshot.flight === flight) snapshot.flight = undefined
  if (Exit.isFailure(exit)) {
    // nothing can be done just now: usable tokens are returned without asking at every use, for a while
    const until = self.renewal.clock.currentTimeMillisUnsafe() + restAfterFailure
    Snapshot.linger(snapshot, until)
    Snapshot.hurry(snapshot, until)
    // a key without a grant is not remembered: who asks for it may be anybody
    if (snapshot.grant === undefined) self.snapshots.delete(snapshot.id)
  }
  const { why } = flight.need
  if (why._tag === "Kept" && !why.used && Snapshot.isIdle(snapshot)) Service.forget(self, snapshot)
  Deferred.doneUnsafe(flight.done, exit)
  for (const wait of flight.waits.values()) {
    tell(wait, exit)
    wait.end?.()
  }
  flight.waits.clear()
}

const held = (slot: Snapshot.Slot): string | undefined =>
  slot.exit !== undefined && Exit.isSuccess(slot.exit) ? Redacted.value(slot.exit.value.value) : undefined

const fail = (method: string, reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("TokenService", method, reason))

const exceeded = fail("token", new OAuthError.RenewalPending({ why: "wait-exceeded" }))

const backingOff = fail("token", new OAuthError.RenewalPending({ why: "backing-off" }))

// What there is for a caller who has waited for as long as it may.
const exceededOf = (self: Service.Service, slot: Snapshot.Slot): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
  Snapshot.isUsable(slot, self.renewal.clock.currentTimeMillisUnsafe()) && slot.exit !== undefined
    ? slot.exit
    : exceeded

const closing = Exit.fail(
  OAuthError.make("TokenService", "token", new OAuthError.RenewalPending({ why: "closing" }))
)

// enough to be asked again after somebody else's renewal, and an end where things do not settle
const turns = 3

const restAfterFailure = 1_000
