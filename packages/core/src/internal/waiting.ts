/**
 * Who waits in this process for logins that end elsewhere.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Completed } from "../BackchannelLogin.ts"
import type { OAuthError } from "../OAuthError.ts"

/** A login that is waited for. */
export interface Entry {
  /** Epoch milliseconds. */
  readonly until: number
  readonly done: Deferred.Deferred<Completed, OAuthError>
  /** Whether a notification is being dealt with. */
  asking: boolean
  /** What the first who waits sets going. */
  start?: Effect.Effect<void> | undefined
}

/** Logins by the server's names of their requests, the oldest forgotten when there are more than so many. */
export class Waiting {
  private readonly entries = new Map<string, Entry>()
  private readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  readonly get = (id: string): Entry | undefined => this.entries.get(id)

  /** Begins to wait for a login. */
  readonly add = (id: string, until: number, now: number): Entry => {
    for (const [oldest, entry] of this.entries) {
      // insertion order is nearly that of age
      if (entry.until > now && this.entries.size < this.capacity) break
      this.entries.delete(oldest)
    }
    const entry: Entry = { until, done: Deferred.makeUnsafe(), asking: false }
    this.entries.set(id, entry)
    return entry
  }

  /** Tells who waits for a login what became of it. */
  readonly settle = (id: string, outcome: Effect.Effect<Completed, OAuthError>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const entry = this.entries.get(id)
      return entry === undefined ? Effect.void : Effect.asVoid(Deferred.complete(entry.done, outcome))
    })
}
