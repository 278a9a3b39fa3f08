/**
 * What a token service consists of: what it knows of each grant, and the fibers
 * that belong to it. Opening commits what an earlier process left in escrow;
 * closing waits for answers and deposits what could not be saved.
 *
 * It is long because all that lives as long as a service is opened here, and closed.
 */
import type * as Clock from "effect/Clock"
import * as Digest from "effect/crypto/Digest"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { Dpop } from "../DpopProof.ts"
import type { Entry, Escrow } from "../Escrow.ts"
import * as Grant from "../Grant.ts"
import type { GrantEvent } from "../GrantEvent.ts"
import * as GrantHistory from "../GrantHistory.ts"
import * as GrantKey from "../GrantKey.ts"
import type { JwtVerifier } from "../JwtVerifier.ts"
import * as OAuthError from "../OAuthError.ts"
import type { RefreshPolicy } from "../RefreshPolicy.ts"
import type { Revocation } from "../Revocation.ts"
import * as Scopes from "../Scopes.ts"
import * as Target from "../Target.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import * as TokenRequest from "../TokenRequest.ts"
import type { TokenStore } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import { ofBytes } from "./base64Url.ts"
import { Brake, Breaker } from "./breaker.ts"
import * as Broadcast from "./broadcast.ts"
import { deposit } from "./commit.ts"
import * as Custody from "./custody.ts"
import * as Details from "./details.ts"
import { type Environment, observe } from "./environment.ts"
import * as Heartbeats from "./heartbeats.ts"
import * as Held from "./held.ts"
import * as Ids from "./ids.ts"
import * as Limits from "./limits.ts"
import * as Snapshot from "./snapshot.ts"
import * as Transaction from "./transaction.ts"
import { problemOfResource } from "./url.ts"

/** A token service. */
export interface Service {
  readonly server: AuthorizationServer["Service"]
  readonly policy: RefreshPolicy
  readonly revocation: Revocation["Service"]
  readonly store: TokenStore["Service"]
  readonly renewal: Environment
  readonly events: Broadcast.Broadcast<GrantEvent>
  readonly snapshots: Map<string, Snapshot.Snapshot>
  /** Open while there is something to forget. */
  readonly knows: Latch.Latch
  /** What the keys of its grants begin with. */
  readonly keys: Pick<GrantKey.GrantKey, "client" | "issuer" | "provider">
}

/** What it is made of. */
export interface Parts {
  readonly server: AuthorizationServer["Service"]
  readonly escrow: Escrow["Service"] | undefined
  readonly verifier: JwtVerifier["Service"] | undefined
  readonly clock: Clock.Clock
  readonly digest: Digest.Digest["Service"]
  readonly dpop: Dpop["Service"] | undefined
  /** Whether the certificate of a name is shown; `undefined` where none is. */
  readonly certificate: ((name: string) => boolean) | undefined
  /** The key of any account. */
  readonly key: GrantKey.GrantKey
  readonly endpoint: TokenEndpoint["Service"]
  readonly installation: string
  /** What the process is called. */
  readonly name: string | undefined
  readonly patience: Duration.Duration
  readonly policy: RefreshPolicy
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly revocation: Revocation["Service"]
  readonly store: TokenStore["Service"]
}

/** Opens a service, to be closed with the scope. */
export const make = Effect.fnUntraced(function*(parts: Parts): Effect.fn.Return<Service, never, Scope.Scope> {
  const { clock, policy, server, store } = parts
  const context = yield* Limits.make
  const fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  const snapshots = new Map<string, Snapshot.Snapshot>()
  const fork = <A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> => {
    const fiber = Effect.runForkWith(context)(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
    return fiber
  }
  const events = Broadcast.make<GrantEvent>({ capacity: 1024 })
  const closing = Deferred.makeUnsafe<void>()
  // snapshots age until it is known that notifications arrive
  const holds = (thumbprint: string): boolean =>
    parts.dpop?.holds(thumbprint) === true || parts.certificate?.(thumbprint) === true
  const trust = { policy, notified: false, spread: yield* Random.next, holds }
  const id = Ids.make(parts.random, clock)
  const utf8 = new TextEncoder()
  const holder = parts.name === undefined ? yield* id : `${parts.name}/${yield* id}`
  const rules: Transaction.Rules = {
    holds,
    policy,
    rotation: server.rotation,
    patience: parts.patience,
    idleLifetime: server.idleLifetime,
    minInterval: server.minInterval,
    installation: parts.installation
  }
  const renewal: Environment = {
    clock,
    closing,
    fork,
    id,
    limit: (millis) => Limits.of(context, millis),
    endpoint: parts.endpoint,
    escrow: parts.escrow,
    verifier: parts.verifier,
    custody: Custody.make(store, rules, (key) => {
      const snapshot = snapshots.get(key)
      if (snapshot?.notice === "unasked") snapshot.notice = "asked"
    }),
    rules,
    origin: new URL(server.tokenEndpoint).origin,
    revocation: server.dialect.revocation,
    holder,
    note: GrantHistory.writer(holder),
    breaker: new Breaker(policy),
    brake: new Brake(policy),
    heartbeats: Heartbeats.make(clock, policy.lease),
    trust: () => trust,
    digest: (token) =>
      Effect.map(
        parts.digest.digest(Digest.sha256, utf8.encode(Redacted.value(token))),
        (hash) => ofBytes(hash.subarray(0, 16))
      ),
    request: (grant, refreshToken, need) => request(server, grant, refreshToken, need),
    discard: (token, kept) => Effect.ignore(parts.revocation.revoke(token, "refresh_token", kept)),
    emit: events.tell
  }
  const service: Service = {
    server,
    policy,
    store,
    renewal,
    events,
    revocation: parts.revocation,
    snapshots,
    knows: Latch.makeUnsafe(false),
    keys: parts.key
  }

  yield* reclaim(service)
  // before what closes: leases are kept until the last answer is saved
  yield* Effect.forkScoped(renewal.heartbeats.run)
  yield* Effect.addFinalizer(() => close(service, fibers))
  if (store.changes !== undefined) {
    yield* Effect.forkScoped(
      Stream.runForEachArray(store.changes, (changes) =>
        Effect.sync(() => {
          for (const change of changes) {
            if (change._tag === "Gap") {
              trust.notified = true
              for (const snapshot of snapshots.values()) Snapshot.distrust(snapshot)
            } else moved(snapshots.get(change.key), change.version)
          }
        })).pipe(Effect.ensuring(Effect.sync(() => {
          // notifications have ended, however they did: from here on snapshots age
          trust.notified = false
          for (const snapshot of snapshots.values()) Snapshot.distrust(snapshot)
        })))
    )
  }
  yield* Effect.forkScoped(passBy(service))
  return service
})

/** Whether a key is one of this service's client at its server, by its id: that is what is stored and read back. */
export const owns = (self: Service, { id }: GrantKey.GrantKey): boolean => {
  if (self.snapshots.has(id)) return true
  const key = GrantKey.fromId(id)
  return key?.provider === self.keys.provider && key.issuer === self.keys.issuer && key.client === self.keys.client
}

/** Why a key that is not one of this service's is refused. */
export const foreignKey = (method: string): OAuthError.OAuthError =>
  OAuthError.make(
    "TokenService",
    method,
    new OAuthError.ConfigurationInvalid({
      field: "key",
      problem: "is of another provider, server or client; make it with this service's `key`"
    })
  )

/** Why a target cannot be asked for, if it cannot. */
export const unusableTarget = (
  method: string,
  target: Target.Target | undefined,
  detailsTypes: ReadonlyArray<string> | undefined
): OAuthError.OAuthError | undefined => {
  const problem = target?.resource === undefined ? undefined : problemOfResource(target.resource)
  const details = Details.parameters(target?.authorizationDetails, detailsTypes)
  return problem === undefined
    ? details._tag === "Success" ? undefined : OAuthError.make("TokenService", method, details.failure)
    : OAuthError.make("TokenService", method, new OAuthError.ConfigurationInvalid({ field: "resource", problem }))
}

/** The slot of a grant's token for a target, where there is one already. */
export const find = (
  self: Service,
  key: GrantKey.GrantKey,
  target: Target.Target = Target.whole
): Snapshot.Slot | undefined => {
  const known = self.snapshots.get(key.id)
  // most grants serve one target
  return known === undefined || target.id === Target.whole.id ? known : besideOf(known, target)
}

/** The slot of a grant's token for a target. */
export const slot = (self: Service, key: GrantKey.GrantKey, target: Target.Target = Target.whole): Snapshot.Slot => {
  let known = self.snapshots.get(key.id)
  if (known === undefined) (known = snapshot(self, key)).used = true
  return target.id === Target.whole.id
    ? known
    : besideOf(known, target) ?? add(self, new Snapshot.Beside(known, target))
}

const besideOf = (known: Snapshot.Snapshot, target: Target.Target): Snapshot.Beside | undefined =>
  known.beside.find((slot) => slot.target.id === target.id)

/** What is known of a grant. */
export const snapshot = (self: Service, key: GrantKey.GrantKey): Snapshot.Snapshot => {
  let known = self.snapshots.get(key.id)
  if (known === undefined) know(self, known = new Snapshot.Snapshot(key))
  return known
}

const know = (self: Service, snapshot: Snapshot.Snapshot): void => {
  self.snapshots.set(snapshot.id, snapshot)
  self.knows.openUnsafe()
}

/** The slot that counts, where somebody has held on to one that may have been forgotten. */
export const live = (self: Service, held: Snapshot.Slot): Snapshot.Slot => {
  const { snapshot } = held
  const standing = self.snapshots.get(snapshot.id)
  if (standing === undefined) know(self, snapshot)
  else if (standing !== snapshot) return slot(self, snapshot.key, held.target)
  return held instanceof Snapshot.Beside && !snapshot.beside.includes(held)
    ? besideOf(snapshot, held.target) ?? add(self, held)
    : held
}

/** Forgets a grant that nothing depends on. */
export const forget = (self: Service, snapshot: Snapshot.Snapshot): void => {
  if (self.snapshots.get(snapshot.id) === snapshot) self.snapshots.delete(snapshot.id)
  Snapshot.clear(snapshot)
}

// A slot beyond the most takes the place of the one that ends first, unless somebody may be waiting for that.
const add = (self: Service, added: Snapshot.Beside): Snapshot.Slot => {
  const { snapshot } = added
  let { beside } = snapshot
  while (beside.length >= mostBeside && snapshot.flight === undefined) {
    const gone = beside.reduce((first, slot) => slot.usableUntil < first.usableUntil ? slot : first)
    gone.freshUntil = Number.NEGATIVE_INFINITY
    beside = beside.filter((slot) => slot !== gone)
  }
  snapshot.beside = beside.concat(added)
  Snapshot.touch(snapshot, self.renewal.trust())
  Snapshot.fill(added, self.renewal.trust())
  return added
}

const mostBeside = Transaction.mostTargets - 1

/** Runs an effect in the service, so that it goes on when whoever asked for it is interrupted. */
export const detached = <A>(
  self: Service,
  effect: Effect.Effect<A, OAuthError.OAuthError>
): Effect.Effect<A, OAuthError.OAuthError> =>
  Effect.suspend(() => {
    const done = Deferred.makeUnsafe<A, OAuthError.OAuthError>()
    self.renewal.fork(effect).addObserver((exit) => Deferred.doneUnsafe(done, Exit.hasInterrupts(exit) ? closed : exit))
    return Deferred.await(done)
  })

const closed = Exit.fail(OAuthError.make("TokenService", "close", new OAuthError.RenewalPending({ why: "closing" })))

// The store has a newer record than this process: it is read before the next use.
const moved = (snapshot: Snapshot.Snapshot | undefined, version: string | undefined): void => {
  if (snapshot === undefined) return
  if (version === (snapshot.held === undefined ? undefined : Held.version(snapshot.held))) return
  Snapshot.distrust(snapshot, version)
  const waiting = snapshot.moved
  snapshot.moved = undefined
  if (waiting !== undefined) Deferred.doneUnsafe(waiting, Effect.void)
}

// Passes by all that is known, again and again, and forgets what nobody has used since the last time.
const passBy = Effect.fnUntraced(function*(self: Service): Effect.fn.Return<never> {
  while (true) {
    // who knows nothing does not wake up
    if (self.snapshots.size === 0) self.knows.closeUnsafe()
    yield* self.knows.await
    yield* Effect.sleep(self.policy.forgetAfter)
    let passed = 0
    for (const snapshot of self.snapshots.values()) {
      if (Snapshot.isIdle(snapshot)) forget(self, snapshot)
      else Snapshot.age(snapshot)
      if (++passed % 1_000 === 0) yield* Effect.yieldNow
    }
  }
})

const request = (
  server: AuthorizationServer["Service"],
  grant: Grant.Grant,
  refreshToken: Redacted.Redacted,
  need: Transaction.Need
): TokenRequest.TokenRequest => {
  const leg = server.dialect.refreshToken
  const login = grant.body._tag === "Open" ? grant.body : undefined
  const asked = login?.scopes ?? Scopes.empty
  // of several, none is the one that is meant
  const resource = need.target.resource ?? (login?.resources?.length === 1 ? login.resources[0] : undefined)
  const scopes = need.target.scopes.length > 0
    ? need.target.scopes
    : leg.scope === "never"
    ? Scopes.empty
    : leg.scope === "asked"
    ? asked
    : (Grant.accessToken(grant, need.target.id) ?? Grant.accessToken(grant, Target.whole.id))?.scopes ?? asked
  return TokenRequest.refreshToken({
    refreshToken,
    kept: login?.kept,
    thumbprint: login?.thumbprint,
    scope: Scopes.toString(scopes, leg.scopeSeparator),
    parameters: [
      ...(resource === undefined ? [] : [["resource", resource] as const]),
      ...detailsOf(need.target),
      ...Object.entries(leg.parameters)
    ]
  })
}

// checked when the target was given; one that an older record names is what it was
const detailsOf = ({ authorizationDetails }: Target.Target): TokenRequest.TokenRequest["parameters"] =>
  Result.getOrElse(Details.parameters(authorizationDetails, undefined), () => [])

// Commits what an earlier process could not save. Until the store has answered, nothing else of that grant is presented.
const reclaim = Effect.fnUntraced(function*(self: Service): Effect.fn.Return<void> {
  const { escrow } = self.renewal
  if (escrow === undefined) return
  const entries = yield* Effect.catch(
    escrow.entries,
    (error) => Effect.as(Effect.logError("What is in escrow cannot be read, and stays there", error.message), [])
  )
  for (const entry of entries) {
    const key = GrantKey.fromId(entry.grant.key)
    // those of other clients wait for theirs
    if (key === undefined || !owns(self, key) || entry.grant.format > Grant.format) continue
    const restored = restore(self, escrow, key, entry)
    if (yield* restored) continue
    const { snapshot } = slot(self, key)
    snapshot.escrowed = true
    self.renewal.fork(Effect.gen(function*() {
      const attempts = Attempts.begin(self.policy.persist)
      let delay = Duration.seconds(1)
      do {
        delay = (yield* attempts) ?? delay
        yield* Effect.sleep(delay)
      } while (!(yield* restored))
      snapshot.escrowed = false
    }))
  }
})

// Whether the store has answered: what was in escrow is committed, or was overtaken.
const restore = Effect.fnUntraced(function*(
  self: Service,
  escrow: Escrow["Service"],
  key: GrantKey.GrantKey,
  entry: Entry
): Effect.fn.Return<boolean> {
  const { custody, emit, note } = self.renewal
  const outcome = yield* Effect.option(
    Effect.flatMap(custody.read(key), ({ now }) =>
      custody.conclude(entry.expected, entry.claim, {
        ...Grant.draft(entry.grant, { now, writeId: entry.grant.writeId }),
        note: note("Saved", entry.grant.last?.what)
      }, entry.claimed))
  )
  if (outcome._tag === "None") return false
  if (outcome.value.accepted) {
    emit({ _tag: "Saved", key })
    // should the store go back in time, this process knows what it has saved
    observe(self.renewal, snapshot(self, key), outcome.value)
  }
  yield* Effect.ignore(escrow.withdraw(entry))
  return true
})

// Nothing new is sent; what was sent is waited for; what cannot be saved goes into escrow.
const close = Effect.fnUntraced(function*(
  self: Service,
  fibers: Set<Fiber.Fiber<unknown, unknown>>
): Effect.fn.Return<void> {
  Deferred.doneUnsafe(self.renewal.closing, Effect.void)
  // fibers may begin others: a renewal that goes on to save what it got
  const settled = Effect.whileLoop({
    while: () => fibers.size > 0,
    body: () => Fiber.awaitAll([...fibers]),
    step: () => {}
  })
  yield* Effect.timeoutOption(settled, self.policy.shutdownGrace)
  yield* Fiber.interruptAll([...fibers])
  yield* Effect.forEach(self.snapshots.values(), (snapshot) => deposit(self.renewal, snapshot), {
    concurrency: 16,
    discard: true
  })
  // whoever listens hears of the end first
  yield* Effect.yieldNow
  yield* self.events.end
})
