/**
 * A store that several processes share over a network that fails when it is told
 * to. It keeps what it was asked to write, and whose word it was.
 */
import { Grant, type GrantKey, OAuthError, TokenStore } from "@effect-oauth/core"
import { Effect, PubSub, Redacted, Stream } from "effect"
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
  readonly what: "read" | "write" | "extend" | "remove"
  /** The state that a write proposes. */
  readonly state?: Grant.State["_tag"] | undefined
}

/** A write that was accepted, or a record that came back. */
export interface Written {
  readonly at: number
  readonly by: string
  readonly before: Grant.Grant | undefined
  readonly grant: Grant.Grant | undefined
}

/** How a process reaches the store. */
export interface Connection {
  readonly lane: Lane
  readonly fate: (call: Call) => Fate
  readonly crash: () => void
  readonly notified: boolean
}

export class SharedStore {
  readonly written: Array<Written> = []
  /** The names of all tokens that ever stood here. */
  readonly known = new Set<string>()
  private readonly records = new Map<string, Grant.Grant>()
  private readonly listeners = new Set<(change: TokenStore.Change) => void>()
  private readonly machine: Machine
  private version = 0

  private readonly onWrite: (grant: Grant.Grant | undefined) => void

  constructor(machine: Machine, onWrite: (grant: Grant.Grant | undefined) => void) {
    this.machine = machine
    this.onWrite = onWrite
  }

  readonly standing = (key: string): Grant.Grant | undefined => this.records.get(key)

  /** Lets an earlier record stand again, its version too, as when a disk is restored. */
  readonly goBack = (grant: Grant.Grant): void => {
    this.put("restore", grant.key, grant)
  }

  private readonly put = (by: string, key: string, grant: Grant.Grant | undefined): void => {
    this.written.push({ at: this.machine.now, by, before: this.records.get(key), grant })
    if (grant === undefined) this.records.delete(key)
    else {
      this.records.set(key, grant)
      for (const name of namesIn(grant)) this.known.add(name)
    }
    this.onWrite(grant)
    for (const listener of this.listeners) listener({ _tag: "Changed", key, version: grant?.version })
  }

  private readonly outcome = (accepted: boolean, key: string): TokenStore.Outcome => ({
    now: this.machine.now,
    accepted,
    grant: this.records.get(key)
  })

  /** The store as one process sees it. */
  readonly connect = (connection: Connection): TokenStore.TokenStore["Service"] => {
    const { crash, fate, lane } = connection
    const by = lane.name
    const down = Effect.fail(
      OAuthError.make("TokenStore", "call", new OAuthError.StoreUnavailable({ store: "shared", problem: "down" }))
    )
    const call = <A>(about: Omit<Call, "by">, act: () => A): Effect.Effect<A, OAuthError.OAuthError> =>
      Effect.callback((resume) => {
        const what = fate({ by, ...about })
        if (what === "crash-before") return crash()
        if (what === "hang") return
        const { prng } = this.machine
        const answer = (effect: Effect.Effect<A, OAuthError.OAuthError>) => {
          this.machine.after(prng.between(0, 10), () => lane.post(() => resume(effect)))
        }
        this.machine.after(what === "late" ? prng.between(1_000, 60_000) : prng.between(1, 10), () => {
          if (what === "fail") return answer(down)
          const result = act()
          if (what === "crash-after") return crash()
          if (what === "late") return
          return answer(what === "unanswered" ? down : Effect.succeed(result))
        })
      })

    return TokenStore.TokenStore.of({
      name: "shared",
      changes: connection.notified ? this.changes(lane) : undefined,
      read: (key) => call({ what: "read" }, () => ({ now: this.machine.now, grant: this.records.get(key.id) })),
      write: (expected, draft) =>
        call({ what: "write", state: draft.state._tag }, () => {
          if (this.records.get(draft.key)?.version !== expected) return this.outcome(false, draft.key)
          this.put(by, draft.key, Grant.stand(draft, { version: String(++this.version), now: this.machine.now }))
          return this.outcome(true, draft.key)
        }),
      extend: (key, { leaseFor, version }) =>
        call({ what: "extend" }, () => {
          const grant = this.records.get(key.id)
          if (grant?.version !== version || grant.leaseUntil === undefined) return this.outcome(false, key.id)
          this.records.set(key.id, { ...grant, leaseUntil: this.machine.now + leaseFor })
          return this.outcome(true, key.id)
        }),
      remove: (key: GrantKey.GrantKey, version) =>
        call({ what: "remove" }, () => {
          if (this.records.get(key.id)?.version !== version) return this.outcome(false, key.id)
          this.put(by, key.id, undefined)
          return this.outcome(true, key.id)
        }),
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
