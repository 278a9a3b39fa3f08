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
    return Math.max(0, this.restUntil - now)
  }

  /** The server did not process a request, and may have said for how long. */
  failed(now: number, retryAfter: Duration.Duration | undefined): void {
    this.failures++
    if (retryAfter !== undefined) {
      const rest = Math.min(Duration.toMillis(retryAfter), Duration.toMillis(this.policy.retryAfterCap))
      this.restUntil = Math.max(this.restUntil, now + rest)
    }
    // one request goes through after each rest, and its failure begins another
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
  }

  /** Whether no more grants are to be ended now. */
  holds(now: number): boolean {
    return now - this.since <= 60_000 && this.refused >= this.policy.brake && this.refused * 10 > this.renewed
  }
}
