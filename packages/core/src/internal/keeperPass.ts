/**
 * One pass of a keeper over the grants that are due: what is looked at, what is passed over, and what comes of it.
 */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Grant from "../Grant.ts"
import type { PassedOver, Report, Stopped } from "../GrantKeeper.ts"
import * as GrantKey from "../GrantKey.ts"
import type * as OAuthError from "../OAuthError.ts"
import type { RefreshPolicy } from "../RefreshPolicy.ts"
import type { TokenService } from "../TokenService.ts"
import type { Head, Page } from "../TokenStore.ts"
import type { Budgets, Pace } from "./pace.ts"

/** What a keeper works with. */
export interface Keeper {
  readonly clock: Clock.Clock
  readonly closing: Deferred.Deferred<void>
  readonly concurrency: number
  readonly interval: Duration.Duration
  readonly pageSize: number
  readonly pace: Pace
  readonly budgets: { readonly of: (key: GrantKey.GrantKey) => string; readonly left: Budgets } | undefined
  readonly policy: RefreshPolicy
  readonly service: TokenService["Service"]
  /** What the last pass began with, by the store's clock: everything that was due then. */
  readonly last: { begun: number }
  readonly due: (options: {
    readonly from?: number
    readonly before: number
    readonly limit: number
    readonly cursor?: string | undefined
  }) => Effect.Effect<Page, OAuthError.OAuthError>
}

/** Everything that is due now: from a place of this node's own to the end, then from the beginning to that place. */
export const pass = Effect.fnUntraced(function*(self: Keeper): Effect.fn.Return<Report> {
  const tally = new Tally()
  self.budgets?.left.tidy()
  const first = yield* Effect.result(self.due({ before: Number.MAX_SAFE_INTEGER, limit: 1 }))
  if (first._tag === "Failure") {
    tally.stopped = { why: "StoreUnavailable" }
  } else {
    const { heads: [head], now } = first.success
    self.last.begun = now
    const begin = head?.dueAt ?? now
    tally.overdue = Math.max(0, now - begin)
    yield* Metric.update(overdue, tally.overdue)
    if (begin < now) {
      const middle = begin + Math.floor((now - begin) * (yield* Random.next))
      yield* Stream.concat(
        visits(self, tally, { from: middle, before: now }),
        visits(self, tally, { from: begin, before: middle })
      ).pipe(
        Stream.mapEffect((visited) => visit(self, tally, visited), {
          concurrency: self.concurrency,
          unordered: true
        }),
        Stream.runDrain
      )
    }
  }
  if (isClosing(self)) tally.stopped = { why: "Closing" }
  const report = tally.report()
  yield* count(report)
  return report
})

/** Whether a keeper is being closed. */
export const isClosing = (self: Keeper): boolean => Deferred.isDoneUnsafe(self.closing)

/** What a pass has come to so far. */
class Tally {
  renewed = 0
  current = 0
  readonly passedOver: Partial<Record<PassedOver, number>> = {}
  readonly failed: Partial<Record<OAuthError.OAuthErrorReason["_tag"], number>> = {}
  overdue = 0
  stopped: Stopped | undefined = undefined
  /** How often in a row the store has failed. */
  private storeFailures = 0

  passOver(why: PassedOver): void {
    this.passedOver[why] = (this.passedOver[why] ?? 0) + 1
  }

  succeed(outcome: "renewed" | "current"): void {
    this.storeFailures = 0
    this[outcome]++
  }

  fail(reason: OAuthError.OAuthErrorReason): void {
    this.failed[reason._tag] = (this.failed[reason._tag] ?? 0) + 1
    this.storeFailures = reason._tag === "StoreUnavailable" ? this.storeFailures + 1 : 0
    if (this.storeFailures >= outage) this.stopped = { why: "StoreUnavailable" }
    // without a status it is the breaker that says so: nobody is to ask
    if (reason._tag === "ServerUnavailable" && reason.status === undefined) {
      this.stopped = { why: "ServerUnavailable", retryAfter: reason.retryAfter }
    }
  }

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

// The grants that are due within a range, page by page.
const visits = (
  self: Keeper,
  tally: Tally,
  range: { readonly from: number; readonly before: number }
): Stream.Stream<Visit> => {
  if (range.from >= range.before) return Stream.empty
  const page = Effect.fnUntraced(function*(
    cursor: string | undefined
  ): Effect.fn.Return<readonly [ReadonlyArray<Visit>, Option.Option<string>]> {
    if (isOver(self, tally)) return [[], Option.none()]
    const found = yield* Effect.result(self.due({ ...range, limit: self.pageSize, cursor }))
    if (found._tag === "Failure") {
      tally.stopped = { why: "StoreUnavailable" }
      return [[], Option.none()]
    }
    const { cursor: next, heads, now } = found.success
    // no two nodes take them in the same order
    const shuffled = yield* Random.shuffle(heads.map((head) => ({ head, now })))
    return [shuffled, Option.fromUndefinedOr(next)]
  })
  return Stream.paginate<string | undefined, Visit>(undefined, page)
}

/** A grant as a page showed it. */
interface Visit {
  readonly head: Head
  readonly now: number
}

const visit = Effect.fnUntraced(function*(self: Keeper, tally: Tally, { head, now }: Visit): Effect.fn.Return<void> {
  if (isOver(self, tally)) return
  const key = GrantKey.fromId(head.key)
  const why = passedOver(self, key, head, now)
  if (why !== undefined || key === undefined) return tally.passOver(why ?? "OtherClient")
  yield* Effect.raceFirst(Effect.sleep(self.pace.take()), Deferred.await(self.closing))
  if (isOver(self, tally)) return
  const outcome = yield* Effect.result(self.service.keep(key))
  if (outcome._tag === "Success") tally.succeed(outcome.success)
  else tally.fail(outcome.failure.reason)
})

// What the page has shown is enough to pass a grant over; whatever else there is to know is seen when it is read.
const passedOver = (
  self: Keeper,
  key: GrantKey.GrantKey | undefined,
  head: Head,
  now: number
): PassedOver | undefined => {
  const own = self.service.key("")
  if (key?.provider !== own.provider || key.issuer !== own.issuer || key.client !== own.client) return "OtherClient"
  if (head.installation !== self.service.installation) return "OtherInstallation"
  if (head.format > Grant.format) return "NewerFormat"
  if (head.state._tag === "Renewing" && (head.leaseUntil ?? 0) > now) return "Claimed"
  if ((head.retryAt ?? 0) > now) return "Resting"
  return self.budgets?.left.spend(self.budgets.of(key)) === false ? "OverBudget" : undefined
}

const isOver = (self: Keeper, tally: Tally): boolean => tally.stopped !== undefined || isClosing(self)

// what fails so often in a row is not the fault of one grant
const outage = 3

const grants = Metric.counter("oauth.keeper.grants", {
  description: "Grants that a keeper came by, by outcome",
  incremental: true
})

const overdue = Metric.gauge("oauth.keeper.overdue", {
  description: "For how many milliseconds the first grant had been due when a pass began"
})

const passes = Metric.counter("oauth.keeper.passes", {
  description: "Passes of a keeper, by how they ended",
  incremental: true
})

const count = (report: Report): Effect.Effect<void> =>
  Effect.forEach(
    [
      ["renewed", report.renewed] as const,
      ["current", report.current] as const,
      ...Object.entries(report.passedOver),
      ...Object.entries(report.failed)
    ],
    ([outcome, amount]) =>
      amount === 0 ? Effect.void : Metric.update(Metric.withAttributes(grants, { outcome }), amount),
    { discard: true }
  ).pipe(
    Effect.andThen(Metric.update(
      Metric.withAttributes(passes, {
        end: Option.match(report.stopped, { onNone: () => "complete", onSome: ({ why }) => why })
      }),
      1
    ))
  )
