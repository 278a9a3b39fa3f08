/** What a pass of a keeper comes to, counted while it goes on. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { PassedOver, Report, Stopped } from "../GrantKeeper.ts"
import type * as OAuthError from "../OAuthError.ts"

/** What a pass has come to so far. */
export class Tally {
  renewed = 0
  current = 0
  readonly passedOver: Partial<Record<PassedOver, number>> = {}
  readonly failed: Partial<Record<OAuthError.OAuthErrorReason["_tag"], number>> = {}
  overdue = 0
  stopped: Stopped | undefined = undefined
  /** How often in a row the store has failed. */
  private storeFailures = 0

  /** A grant was passed over. */
  passOver(why: PassedOver): void {
    this.passedOver[why] = (this.passedOver[why] ?? 0) + 1
  }

  /** A grant was found renewed, or is. */
  succeed(outcome: "renewed" | "current"): void {
    this.storeFailures = 0
    this[outcome]++
  }

  /** A grant could not be renewed; the pass may have to be stopped for it. */
  fail(reason: OAuthError.OAuthErrorReason): void {
    this.failed[reason._tag] = (this.failed[reason._tag] ?? 0) + 1
    this.storeFailures = reason._tag === "StoreUnavailable" ? this.storeFailures + 1 : 0
    if (this.storeFailures >= outage) this.stopped = { why: "StoreUnavailable" }
    // without a status it is the breaker that says so: nobody is to ask
    if (reason._tag === "ServerUnavailable" && reason.status === undefined) {
      this.stopped = { why: "ServerUnavailable", retryAfter: reason.retryAfter }
    }
  }

  /** Whether anything has failed. */
  hasFailed(): boolean {
    return Object.keys(this.failed).length > 0
  }

  /** What the pass has come to. */
  report(): Report {
    return {
      renewed: this.renewed,
      current: this.current,
      passedOver: this.passedOver,
      failed: this.failed,
      overdue: Duration.millis(this.overdue),
      stopped: Option.fromUndefinedOr(this.stopped)
    }
  }
}

// what fails so often in a row is not the fault of one grant
const outage = 3
