/**
 * A store that several processes share over a network that fails when it is told
 * to. It keeps what it was asked to write, and whose word it was.
 */
import { Grant, type GrantKey, OAuthError, TokenStore } from "@effect-oauth/core"
import { Effect, PubSub, Redacted, Stream } from "effect"
import type { Purpose } from "./Faults.ts"
import type { Lane, Machine } from "./Machine.ts"

/** What becomes of one call. */
export type Fate =
  | "pass"
  /** Fails, and nothing was done. */
  | "fail"
  /** Done, and fails. */
  | "unanswered"
  /** Nothing is done, and nobody ever answers. */
  | "hang"
  /** Nobody answers, and it is done some seconds later. */
  | "late"
  /** The process is gone before the call leaves it. */
  | "crash-before"
  /** The process is gone when it is done. */
  | "crash-after"

export interface Call {
  readonly by: string
  readonly purpose: Purpose
}

/** A write that was accepted, or a record that came back. */
export interface Written {
  readonly at: number
  readonly by: string
  readonly before: Grant.Grant | undefined
  readonly grant: Grant.Grant | undefined
}

/** A write that was not accepted: another version stands. */
export interface Declined {
  readonly at: number
  readonly by: string
  readonly draft: Grant.Draft
  readonly standing: Grant.Grant | undefined
}

/** How a process reaches the store. */
export interface Connection {
  readonly lane: Lane
  readonly fate: (call: Call) => Fate
  /** The call was done, whether or not that is answered; whether it changed the record. */
  readonly done: (call: Call, fate: Fate, changed: boolean) => void
  readonly crash: () => void
  readonly notified: boolean
}

export class SharedStore {
  readonly written: Array<Written> = []
  readonly declined: Array<Declined> = []
  /** When leases ended that were moved, by key and version. */
  readonly leases = new Map<string, number>()
  /** How often somebody read of a claim that somebody else holds. */
  waits = 0
  /** The names of all tokens that ever stood here. */
  readonly known = new Set<string>()
  private readonly records = new Map<string, Grant.Grant>()
  private readonly listeners = new Set<(change: TokenStore.Change) => void>()
  private readonly machine: Machine
  private version = 0

  private readonly onWrite: (written: Written) => void

  constructor(machine: Machine, onWrite: (written: Written) => void) {
    this.machine = machine
    this.onWrite = onWrite
  }

  readonly standing = (key: string): Grant.Grant | undefined => this.records.get(key)

  /** Lets an earlier record stand again, its version too, as when a disk is restored. */
  readonly goBack = (grant: Grant.Grant): void => {
    this.put("restore", grant.key, grant)
  }

  private readonly put = (by: string, key: string, grant: Grant.Grant | undefined): void => {
    const written: Written = { at: this.machine.now, by, before: this.records.get(key), grant }
    this.written.push(written)
    if (grant === undefined) this.records.delete(key)
    else {
      this.records.set(key, grant)
      for (const name of namesIn(grant)) this.known.add(name)
    }
    this.onWrite(written)
    // the least that a store may tell
    if (grant?.state._tag === "Renewing") return
    for (const listener of this.listeners) listener({ _tag: "Changed", key, version: grant?.version })
  }

  private readonly outcome = (accepted: boolean, key: string): TokenStore.Outcome => ({
    now: this.machine.now,
    accepted,
    grant: this.records.get(key)
  })

  /** The store as one process sees it. */
  readonly connect = (connection: Connection): TokenStore.TokenStore["Service"] => {
    const { crash, done, fate, lane } = connection
    const by = lane.name
    const down = Effect.fail(
      OAuthError.make("TokenStore", "call", new OAuthError.StoreUnavailable({ store: "shared", problem: "down" }))
    )
    const call = <A>(
      purpose: Purpose,
      act: () => A,
      changed: (result: A) => boolean
    ): Effect.Effect<A, OAuthError.OAuthError> =>
      Effect.callback((resume) => {
        const about: Call = { by, purpose }
        const what = fate(about)
        if (what === "crash-before") return crash()
        if (what === "hang") return
        const { prng } = this.machine
        const answer = (effect: Effect.Effect<A, OAuthError.OAuthError>) => {
          this.machine.after(prng.between(0, 10), () => lane.post(() => resume(effect)))
        }
        this.machine.after(
          what === "late" ? prng.between(500, prng.chance(0.8) ? 5_000 : 60_000) : prng.between(1, 10),
          () => {
            if (what === "fail") return answer(down)
            const result = act()
            done(about, what, changed(result))
            if (what === "crash-after") return crash()
            if (what === "late") return
            return answer(what === "unanswered" ? down : Effect.succeed(result))
          }
        )
      })
    const isAccepted = ({ accepted }: TokenStore.Outcome): boolean => accepted

    return TokenStore.TokenStore.of({
      name: "shared",
      changes: connection.notified ? this.changes(lane) : undefined,
      read: (key) =>
        call("read", () => {
          const grant = this.records.get(key.id)
          if (grant?.leaseUntil !== undefined && grant.leaseUntil > this.machine.now) this.waits++
          return { now: this.machine.now, grant }
        }, () => false),
      write: (expected, draft) =>
        call(purposeOf(this.records.get(draft.key), draft), () => {
          const standing = this.records.get(draft.key)
          if (standing?.version !== expected) {
            this.declined.push({ at: this.machine.now, by, draft, standing })
            return this.outcome(false, draft.key)
          }
          this.put(by, draft.key, Grant.stand(draft, { version: String(++this.version), now: this.machine.now }))
          return this.outcome(true, draft.key)
        }, isAccepted),
      extend: (key, { leaseFor, version }) =>
        call("heartbeat", () => {
          const grant = this.records.get(key.id)
          if (grant?.version !== version || grant.leaseUntil === undefined) return this.outcome(false, key.id)
          this.records.set(key.id, { ...grant, leaseUntil: this.machine.now + leaseFor })
          this.leases.set(`${key.id} ${version}`, this.machine.now + leaseFor)
          return this.outcome(true, key.id)
        }, isAccepted),
      remove: (key: GrantKey.GrantKey, version) =>
        call("other", () => {
          if (this.records.get(key.id)?.version !== version) return this.outcome(false, key.id)
          this.put(by, key.id, undefined)
          return this.outcome(true, key.id)
        }, isAccepted),
      due: () => Effect.die("not asked for"),
      list: () => Effect.die("not asked for"),
      history: () => Effect.die("not asked for"),
      setAside: () => Effect.die("not asked for")
    })
  }

  private readonly changes = (lane: Lane): Stream.Stream<TokenStore.Change> =>
    Stream.unwrap(Effect.map(PubSub.unbounded<TokenStore.Change>(), (changes) => {
      const listener = (change: TokenStore.Change) => {
        if (lane.state === "dead") return void this.listeners.delete(listener)
        this.machine.after(
          this.machine.prng.between(1, 50),
          () => lane.post(() => void PubSub.publishUnsafe(changes, change))
        )
      }
      this.listeners.add(listener)
      return Stream.fromPubSub(changes)
    }))
}

// a commit is what ends a claim, and not what a person or the provider does to a grant meanwhile
const purposeOf = (standing: Grant.Grant | undefined, { lineage, state }: Grant.Draft): Purpose => {
  if (state._tag === "Renewing") return "claim"
  const isOurs = state._tag !== "Revoked" && !(state._tag === "ReauthorizationRequired" && state.why === "Ended")
  return isOurs && standing?.state._tag === "Renewing" && standing.lineage === lineage ? "commit" : "other"
}

/** The name in the ledger of a token of the test server. */
export const nameOf = (token: Redacted.Redacted): string => {
  const value = Redacted.value(token)
  return value.slice("test-".length, value.lastIndexOf("-"))
}

/** The names of all tokens of a record. */
export const namesIn = (grant: Grant.Grant): ReadonlyArray<string> => {
  if (grant.body._tag === "Sealed") return []
  const { accessTokens, quarantined, refreshToken } = grant.body
  return [
    ...accessTokens.map((token) => nameOf(token.value)),
    ...(refreshToken === undefined ? [] : [nameOf(refreshToken)]),
    ...(quarantined === undefined ? [] : [nameOf(quarantined.refreshToken)])
  ]
}
