/**
 * Two guards of one authorization server, in this process: a breaker, which
 * leaves a failing server alone, and a brake, which keeps a server that has gone
 * wrong from ending every grant at once.
 */
import * as Duration from "effect/Duration"
import type { RefreshPolicy } from "../RefreshPolicy.ts"

/** Leaves a server alone for a while after it failed several times in a row. */
export class Breaker {
  private failures = 0
  private restUntil = Number.NEGATIVE_INFINITY
  private readonly policy: RefreshPolicy

  constructor(policy: RefreshPolicy) {
    this.policy = policy
  }

  /** How many milliseconds the server is still to be left alone. */
  rest(now: number): number {
    // never longer than was ever asked for, whatever became of the clock
    return Math.min(Math.max(0, this.restUntil - now), Duration.toMillis(this.policy.retryAfterCap))
  }

  /** The server did not process a request, and may have said for how long it is down. */
  failed(now: number, retryAfter: Duration.Duration | undefined): void {
    this.failures++
    if (retryAfter !== undefined) {
      const rest = Math.min(Duration.toMillis(retryAfter), Duration.toMillis(this.policy.retryAfterCap))
      this.restUntil = Math.max(this.restUntil, now + rest)
    }
    // after each rest the first failure begins another
    if (this.failures >= this.policy.breakerThreshold) {
      this.restUntil = Math.max(this.restUntil, now + Duration.toMillis(this.policy.breakerRest))
    }
  }

  /** The server answered. */
  answered(): void {
    this.failures = 0
    this.restUntil = Number.NEGATIVE_INFINITY
  }
}

/** Holds when a server suddenly ends many grants. */
export class Brake {
  private since = Number.NEGATIVE_INFINITY
  private renewed = 0
  private refused = 0
  private heldUntil = Number.NEGATIVE_INFINITY
  private readonly policy: RefreshPolicy

  constructor(policy: RefreshPolicy) {
    this.policy = policy
  }

  /** A renewal was answered; whether it ended the grant. */
  count(now: number, ended: boolean): void {
    if (now - this.since > 60_000 || now < this.since) {
      this.since = now
      this.renewed = 0
      this.refused = 0
    }
    this.renewed++
    if (ended) this.refused++
    // it holds until a whole minute has passed without so many
    if (this.refused >= this.policy.brake && this.refused * 10 > this.renewed) this.heldUntil = now + 60_000
    else if (this.holds(now) && ended) this.heldUntil = now + 60_000
  }

  /** Whether no more grants are to be ended now. */
  holds(now: number): boolean {
    return now < this.heldUntil && this.heldUntil - now <= 60_000
  }
}
