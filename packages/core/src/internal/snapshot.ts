/**
 * What this process knows of a grant: the record as it was last read or
 * written, and for each target a token that can be returned without asking
 * anybody.
 *
 * It is long because what is known of a grant is seen and changed by these functions alone.
 */
import type * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Grant from "../Grant.ts"
import * as GrantKey from "../GrantKey.ts"
import type { OAuthError, OAuthErrorReason } from "../OAuthError.ts"
import type { RefreshPolicy } from "../RefreshPolicy.ts"
import * as Target from "../Target.ts"
import type { AccessToken } from "../TokenSet.ts"
import type { Reading } from "../TokenStore.ts"
import * as Held from "./held.ts"
import type { Need } from "./transaction.ts"
import * as Transaction from "./transaction.ts"

/** What a renewal came to: a new pair that this process got, or what stood already. */
export type Landing = "renewed" | "current"

/** A renewal under way: one for a grant, whoever waits. */
export interface Flight {
  readonly need: Need
  readonly done: Deferred.Deferred<Landing, OAuthError>
  /** When it began, by this process's clock. */
  readonly since: number
  /** How many have waited for it. */
  waiters: number
  /** Those who came last of all who wait for any token that can be used. */
  herd: Herd | undefined
  /**
   * Those who wait no longer than until an instant, by that instant: a herd comes within a few milliseconds, and shares
   * a timer for each of them.
   */
  readonly waits: Map<number, Wait>
}

/** Callers who want the same: a token of one slot that can be used, before one deadline, in their so-manieth turn. */
export interface Herd {
  readonly slot: Slot
  /** When the first of them came, by this process's clock, and until when others may join. */
  readonly since: number
  readonly shared: number
  readonly until: number
  readonly turn: number
  readonly token: Effect.Effect<AccessToken, OAuthError>
}

/** Callers of one deadline. */
export interface Wait {
  readonly done: Deferred.Deferred<Landing | "exceeded", OAuthError>
  /** Told when the renewal has landed, or the time is over. */
  readonly heard: Array<(exit: Exit.Exit<Landing | "exceeded", OAuthError>) => void>
  /** Ends the limit of their time, where there is one. */
  readonly end: (() => void) | undefined
}

/** The token of a grant for one target, ready to be returned. */
export abstract class Slot {
  abstract readonly snapshot: Snapshot
  abstract readonly target: Target.Target
  /** Until when the token is returned without a look, by this process's clock. */
  freshUntil = Number.NEGATIVE_INFINITY
  /** Until when the token may be returned at all, by this process's clock. */
  usableUntil = Number.NEGATIVE_INFINITY
  exit: Exit.Exit<AccessToken> | undefined = undefined
  /** The token that came from a refusal, and when. */
  refusal: { readonly token: Redacted.Redacted; readonly at: number } | undefined = undefined
}

/** The slot of a target beside the whole. */
export class Beside extends Slot {
  readonly snapshot: Snapshot
  readonly target: Target.Target

  constructor(snapshot: Snapshot, target: Target.Target) {
    super()
    this.snapshot = snapshot
    this.target = target
  }
}

/** What this process knows of a grant, and the slot of its whole target, which is all that most grants serve. */
export class Snapshot extends Slot {
  readonly id: string
  /** The slots of other targets. */
  beside: ReadonlyArray<Beside> = noneBeside
  /** The record that stood when the store was last heard, or the one that it has not taken yet. */
  held: Held.Held | undefined = undefined
  /** The store's clock minus this process's. */
  offset = 0
  /** When the store was last heard, by this process's clock. */
  heardAt = Number.NEGATIVE_INFINITY
  /** Whether the store has said that its record is another one by now, and if so, whether it was asked after that. */
  notice: "none" | "asked" | "unasked" = "none"
  /** Somebody has used it since it was last passed by. */
  used = false
  /** What it has for a time only, and nearly no snapshot has; read and written by the names below. */
  passing: Passing | undefined = undefined

  constructor(key: GrantKey.GrantKey) {
    super()
    this.id = key.id
  }

  get snapshot(): Snapshot {
    return this
  }

  get target(): Target.Target {
    return Target.whole
  }

  get slots(): ReadonlyArray<Slot> {
    return [this, ...this.beside]
  }

  get grant(): Grant.Grant | undefined {
    const { held, id, passing } = this
    if (held === undefined) return undefined
    // while something happens it is asked for again and again
    return passing === undefined ? Held.toGrant(held, id) : passing.grant ??= Held.toGrant(held, id)
  }

  set grant(grant: Grant.Grant | undefined) {
    this.held = grant === undefined ? undefined : Held.of(grant)
    if (this.passing !== undefined) this.passing.grant = grant
  }

  get key(): GrantKey.GrantKey {
    const key = this.passing?.key ?? GrantKey.fromId(this.id)
    if (key === undefined) throw new Error("The id of a grant's key is not its canonical encoding")
    if (this.passing !== undefined) this.passing.key = key
    return key
  }

  get flight(): Flight | undefined {
    return this.passing?.flight
  }

  set flight(flight: Flight | undefined) {
    put(this, "flight", flight)
  }

  get look(): Passing["look"] {
    return this.passing?.look
  }

  set look(look: Passing["look"]) {
    put(this, "look", look)
  }

  get unsaved(): Passing["unsaved"] {
    return this.passing?.unsaved
  }

  set unsaved(unsaved: Passing["unsaved"]) {
    put(this, "unsaved", unsaved)
  }

  get escrowed(): boolean {
    return this.passing?.escrowed === true
  }

  set escrowed(escrowed: boolean) {
    put(this, "escrowed", escrowed || undefined)
  }

  get neverSent(): ReadonlySet<string> {
    return this.passing?.neverSent ?? none
  }

  set neverSent(ids: ReadonlySet<string>) {
    put(this, "neverSent", ids.size === 0 ? undefined : ids)
  }

  get resting(): Passing["resting"] {
    return this.passing?.resting
  }

  set resting(resting: Passing["resting"]) {
    put(this, "resting", resting)
  }

  get moved(): Passing["moved"] {
    return this.passing?.moved
  }

  set moved(moved: Passing["moved"]) {
    put(this, "moved", moved)
  }
}

const noneBeside: ReadonlyArray<Beside> = []

/** What a snapshot has for a time only: nearly none has any of it, and who has none of it pays for none. */
class Passing {
  /** The key that the id stands for, once it was asked for. */
  key: GrantKey.GrantKey | undefined = undefined
  /** The record that is held, once it was asked for. */
  grant: Grant.Grant | undefined = undefined
  flight: Flight | undefined = undefined
  /** A look at the store under way, which comes to whether what is known may be acted on. */
  look: Deferred.Deferred<boolean> | undefined = undefined
  /** The write that holds what only this process has. */
  unsaved: {
    readonly expected: string
    readonly claim: Grant.Renewing
    readonly claimed: string
    readonly draft: Grant.Draft
    /** Whether it holds a pair, or only the server's last word. */
    readonly pair: boolean
    /** What callers get until it is saved. */
    readonly error: OAuthErrorReason | undefined
  } | undefined = undefined
  /** An earlier process has left a newer pair in escrow, and the store has not taken it yet. */
  escrowed: true | undefined = undefined
  /** The write ids of claims under which nothing was sent, and that may still stand or come to stand. */
  neverSent: ReadonlySet<string> | undefined = undefined
  /** Targets that the server refused, by their ids; they rest here, and the grant does not. */
  resting: ReadonlyMap<string, Resting> | undefined = undefined
  /** The version that the store spoke of last: it may speak of a write before it answers it. */
  noticed: string | undefined = undefined
  /** Completed when the store notifies of a change. */
  moved: Deferred.Deferred<void> | undefined = undefined
}

const put = <K extends keyof Passing>(self: Snapshot, name: K, value: Passing[K]): void => {
  if (value !== undefined) (self.passing ??= new Passing())[name] = value
  else if (self.passing !== undefined) {
    self.passing[name] = value
    if (hasPassed(self.passing)) self.passing = undefined
  }
}

const hasPassed = ({ escrowed, flight, look, moved, neverSent, resting, unsaved }: Passing): boolean =>
  flight === undefined && neverSent === undefined && look === undefined && moved === undefined &&
  unsaved === undefined && escrowed === undefined && resting === undefined

/** How long a target rests, by this process's clock, and after how many refusals in a row. */
export interface Resting {
  readonly until: number
  readonly refusals: number
}

/** Takes note of whether the server refused a target. */
export const heardOfTarget = (
  self: Snapshot,
  target: Target.Target,
  refused: ((refusals: number) => number) | undefined
): void => {
  const { resting } = self
  if (refused === undefined && resting?.has(target.id) !== true) return
  const others = [...resting ?? []].filter(([id]) => id !== target.id).slice(1 - Transaction.mostTargets)
  const refusals = (resting?.get(target.id)?.refusals ?? 0) + 1
  const all = refused === undefined
    ? others
    : [...others, [target.id, { refusals, until: refused(refusals) }] as const]
  self.resting = all.length === 0 ? undefined : new Map(all)
}

/** Until when a target rests, by its id. */
export const restsUntil = (self: Snapshot, target: string): number =>
  self.resting?.get(target)?.until ?? Number.NEGATIVE_INFINITY

/** No ids. */
export const none: ReadonlySet<string> = new Set()

/** How long snapshots live. */
export interface Trust {
  readonly policy: RefreshPolicy
  /** Whether the store notifies of changes; otherwise a snapshot is trusted for `maxStaleness`. */
  readonly notified: boolean
  /** A number between 0 and 1 that spreads renewals. */
  readonly spread: number
  /** Whether the DPoP key of a thumbprint is here, or the certificate of a name. */
  readonly holds: (thumbprint: string) => boolean
}

/** Takes note of what the store said. */
export const observe = (self: Snapshot, reading: Reading, now: number, trust: Trust): void => {
  self.offset = Held.small(reading.now - now)
  self.heardAt = now
  // an answer that was on its way when the store spoke up may be older than what it spoke of, or be just that
  const version = self.passing?.noticed
  if (self.notice === "asked" || (version !== undefined && version === reading.grant?.version)) self.notice = "none"
  self.grant = reading.grant
  for (const slot of self.slots) fill(slot, trust)
}

/** Fills a slot from the record that its snapshot holds. */
export const fill = (slot: Slot, trust: Trust): void => {
  const { grant, heardAt, notice, offset, used } = slot.snapshot
  const token = grant === undefined || Transaction.isEnded(grant.state)
    ? undefined
    : Grant.accessToken(grant, slot.target.id)
  if (grant === undefined || token === undefined || !Transaction.isHeld(token, trust)) {
    slot.exit = undefined
    slot.usableUntil = slot.freshUntil = Number.NEGATIVE_INFINITY
    return
  }
  if (slot.exit === undefined || !Exit.isSuccess(slot.exit) || !same(slot.exit.value, token)) {
    const { thumbprint, type, value } = token
    slot.exit = Exit.succeed(thumbprint === undefined ? { value, type } : { value, type, thumbprint })
  }
  const { policy } = trust
  slot.usableUntil = Transaction.usableUntil(token, policy) - offset
  const renewable = grant.body._tag === "Open" && Transaction.presentable(grant.body) !== undefined
  // later than `due` by chance, never earlier: what is renewed must be due by everyone's rule
  const due = Transaction.dueFrom(token, policy) + Transaction.margin(token, policy) * policy.jitter * trust.spread
  // the next use is to be noticed, or the store to be looked at before it
  slot.freshUntil = !used || notice !== "none" ? Number.NEGATIVE_INFINITY : Math.min(
    renewable ? due - offset : slot.usableUntil,
    slot.usableUntil,
    trust.notified ? Number.POSITIVE_INFINITY : heardAt + Duration.toMillis(policy.maxStaleness)
  )
}

/**
 * Makes every token of a grant be looked at before it is returned again: the store has said that there is a newer record,
 * of this version where it is known.
 */
export const distrust = (self: Snapshot, version?: string): void => {
  self.notice = "unasked"
  if (self.passing !== undefined) self.passing.noticed = version
  for (const slot of self.slots) slot.freshUntil = Number.NEGATIVE_INFINITY
}

/**
 * Whether a slot's token is returned without a look. Not when this process's clock was set back behind the moment when
 * it last heard the store: then it does not know how old its knowledge is.
 */
export const isFresh = (slot: Slot, now: number): boolean => now < slot.freshUntil && now >= slot.snapshot.heardAt

/** Whether what is known is recent enough to be acted on. */
export const isTrusted = (self: Snapshot, now: number, trust: Trust): boolean =>
  self.notice === "none" && now >= self.heardAt &&
  (trust.notified || now - self.heardAt < Duration.toMillis(trust.policy.maxStaleness))

/** Takes note of a use. */
export const touch = (self: Snapshot, trust: Trust): void => {
  if (self.used) return
  self.used = true
  for (const slot of self.slots) fill(slot, trust)
}

/** Takes the note of uses away: the next one comes by, and leaves it again. */
export const age = (self: Snapshot): void => {
  self.used = false
  for (const slot of self.slots) slot.freshUntil = Number.NEGATIVE_INFINITY
}

/** Whether nobody has used it since it was last passed by, and nothing depends on it. */
export const isIdle = (self: Snapshot): boolean =>
  !self.used && self.flight === undefined && self.look === undefined && self.unsaved === undefined && !self.escrowed

/** Forgets everything. Whoever holds on to a slot has to look again. */
export const clear = (self: Snapshot): void => {
  self.grant = undefined
  self.heardAt = Number.NEGATIVE_INFINITY
  for (const slot of self.slots) {
    slot.exit = undefined
    slot.usableUntil = slot.freshUntil = Number.NEGATIVE_INFINITY
  }
}

/** Whether a slot's token may be returned. */
export const isUsable = (slot: Slot, now: number): boolean => slot.exit !== undefined && now < slot.usableUntil

/** Returns usable tokens without another look until `until`: somebody is at it, or nothing can be done before. */
export const linger = (self: Snapshot, until: number): void => {
  for (const slot of self.slots) if (slot.freshUntil < until) slot.freshUntil = Math.min(slot.usableUntil, until)
}

/** Ends a lingering: after `until` a look is taken again. */
export const hurry = (self: Snapshot, until: number): void => {
  for (const slot of self.slots) slot.freshUntil = Math.min(slot.freshUntil, until)
}

const same = (a: AccessToken, b: Grant.AccessToken): boolean =>
  a.value === b.value || (a.type === b.type && Redacted.value(a.value) === Redacted.value(b.value))
