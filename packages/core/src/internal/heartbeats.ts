/**
 * Heartbeats: while claims are under way, one fiber of the service moves the leases of all of them. Whatever becomes of
 * a heartbeat, it ends no request; what it learns is asked before the next is sent.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { OAuthError } from "../OAuthError.ts"
import type { Outcome } from "../TokenStore.ts"
import * as Stopwatch from "./stopwatch.ts"

/** The lease of one claim. */
export class Lease {
  /** Since when it lasts: from before the store was asked, so that it never ends later here than there. */
  elapsed: Stopwatch.Stopwatch
  /** For how many milliseconds. */
  readonly length: number
  /** Another process has followed. */
  overtaken = false
  /** A heartbeat is under way. */
  moving = false

  constructor(clock: Clock.Clock, length: number) {
    this.elapsed = Stopwatch.start(clock)
    this.length = length
  }

  /** For how many milliseconds it still lasts. */
  left(): number {
    return this.length - this.elapsed()
  }
}

/** How a lease is moved, and who is told where it was. */
export interface Moves {
  readonly extend: Effect.Effect<Outcome, OAuthError>
  readonly moved: (outcome: Outcome) => void
}

/** The heartbeats of one service. */
export interface Heartbeats {
  /** Runs an effect while heartbeats keep a lease. */
  readonly during: <A, E>(effect: Effect.Effect<A, E>, lease: Lease, moves: Moves) => Effect.Effect<A, E>
  /** Makes them, for as long as it runs; it never ends by itself. */
  readonly run: Effect.Effect<never>
}

/** Makes the heartbeats of claims that last so long. */
export const make = (clock: Clock.Clock, length: Duration.Duration): Heartbeats => {
  const kept = new Map<Lease, Moves>()
  const some = Latch.makeUnsafe(false)
  // a third of the lease after it was taken, or soon after; again as soon after one that failed, since an outage must
  // not cost the claim
  const pause = Duration.millis(Math.max(1, Duration.toMillis(length) / 12))

  const move = (lease: Lease, { extend, moved }: Moves): Effect.Effect<void> =>
    Effect.suspend(() => {
      lease.moving = true
      const elapsed = Stopwatch.start(clock)
      return Effect.map(Effect.exit(extend), (exit) => {
        lease.moving = false
        // who is not kept any more has written something else by now
        if (exit._tag === "Failure" || !kept.has(lease)) return
        if (exit.value.accepted) {
          lease.elapsed = elapsed
          moved(exit.value)
        } else lease.overtaken = true
      })
    })

  return {
    during: (effect, lease, moves) =>
      Effect.suspend(() => {
        kept.set(lease, moves)
        some.openUnsafe()
        return Effect.onExit(effect, () => Effect.sync(() => kept.delete(lease)))
      }),
    run: Effect.gen(function*() {
      while (true) {
        // who keeps nothing does not wake up
        if (kept.size === 0) some.closeUnsafe()
        yield* some.await
        yield* Effect.sleep(pause)
        for (const [lease, moves] of kept) {
          if (!lease.moving && lease.elapsed() >= lease.length / 3) yield* Effect.forkChild(move(lease, moves))
        }
      }
    })
  }
}
