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
import type { PassedOver, Report } from "../GrantKeeper.ts"
import * as GrantKey from "../GrantKey.ts"
import type * as OAuthError from "../OAuthError.ts"
import type { RefreshPolicy } from "../RefreshPolicy.ts"
import type { TokenService } from "../TokenService.ts"
import type { Head, Page } from "../TokenStore.ts"
import type { Budgets, Pace } from "./pace.ts"
import * as Stopwatch from "./stopwatch.ts"
import { Tally } from "./tally.ts"

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
  /** The key of any account of the service's. */
  readonly own: GrantKey.GrantKey
  readonly last: {
    /** Until when the last pass has looked, by the store's clock: what was due before then, it came by. */
    looked: number
    /** When a renewal last failed, by this process's clock. */
    failedAt: number
  }
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
    self.last.looked = now
    const begin = head?.dueAt ?? now
    tally.overdue = Math.max(0, now - begin)
    yield* Metric.update(overdue, tally.overdue)
    if (begin < now) {
      const middle = begin + Math.floor((now - begin) * (yield* Random.next))
      const round = new Round()
      yield* Stream.concat(
        visits(self, tally, { from: middle, before: now }),
        visits(self, tally, { from: begin, before: middle })
      ).pipe(
        // one by one, so that what has failed and rested comes between
        Stream.rechunk(1),
        Stream.map(round.enter),
        Stream.onEnd(round.end),
        Stream.merge(Stream.map(visitsAgain(self, tally, round, now), round.enter)),
        Stream.mapEffect((visited) => Effect.ensuring(visit(self, tally, visited), round.leave), {
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

/** How far a pass has come with what was due when it began. */
class Round {
  /** Completed when all of it has been begun with. */
  readonly begun: Deferred.Deferred<void> = Deferred.makeUnsafe()
  /** Completed when nothing is under way after that. */
  readonly done: Deferred.Deferred<void> = Deferred.makeUnsafe()
  private underWay = 0

  /** A visit is to come. */
  readonly enter = (visit: Visit): Visit => {
    this.underWay++
    return visit
  }

  /** A visit has ended. */
  readonly leave: Effect.Effect<void> = Effect.sync(() => {
    this.underWay--
    this.settle()
  })

  /** There is nothing more to begin with. */
  readonly end: Effect.Effect<void> = Effect.sync(() => {
    Deferred.doneUnsafe(this.begun, Effect.void)
    this.settle()
  })

  isBegun(): boolean {
    return Deferred.isDoneUnsafe(this.begun)
  }

  isDone(): boolean {
    return Deferred.isDoneUnsafe(this.done)
  }

  private settle(): void {
    if (this.underWay === 0 && this.isBegun()) Deferred.doneUnsafe(this.done, Effect.void)
  }
}

// The grants that are due within a range, page by page.
const visits = (self: Keeper, tally: Tally, range: Range): Stream.Stream<Visit> => {
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

// What has come to be due since the pass began, as what failed does when it has rested. It comes after what has not been
// tried, but in a pass that takes hours it waits for about an interval and no longer. At the end it is seen to while anything is
// under way, so that no rest is time lost, and for an interval at most: a pass has to end.
const visitsAgain = (self: Keeper, tally: Tally, round: Round, begun: number): Stream.Stream<Visit> => {
  const { clock, last, policy } = self
  const interval = Duration.toMillis(self.interval)
  const rest = Math.max(soonest, Duration.toMillis(policy.backOff(1)))
  const elapsed = Stopwatch.startMonotonic(clock)
  let end = Number.POSITIVE_INFINITY
  const look = Effect.fnUntraced(function*(
    wait: number
  ): Effect.fn.Return<readonly [ReadonlyArray<Range>, Option.Option<number>]> {
    yield* Effect.raceFirst(
      Effect.sleep(yield* spread(wait)),
      Deferred.await(round.isBegun() ? round.done : round.begun)
    )
    if (round.isBegun()) end = Math.min(end, elapsed() + interval)
    if (round.isDone() || isOver(self, tally) || elapsed() > end) return [[], Option.none()]
    const delay = round.isBegun() ? 0 : interval
    const later = Option.some(Math.max(rest, delay / 2))
    if (!tally.hasFailed() && isCalm(self)) return [[], later]
    // what fails from now on is not due again before
    const before = Math.ceil(begun + elapsed()) + rest - delay
    const found = yield* Effect.result(self.due({ from: last.looked, before, limit: 1 }))
    const dueAt = found._tag === "Success" ? found.success.heads[0]?.dueAt : undefined
    if (found._tag === "Failure" || dueAt === undefined) return [[], later]
    const range = { from: last.looked, before: found.success.now - delay }
    if (dueAt >= range.before) return [[], Option.some(Math.max(soonest, dueAt - range.before))]
    last.looked = range.before
    return [[range], Option.some(soonest)]
  })
  return Stream.flatMap(Stream.paginate(interval, look), (range) => visits(self, tally, range))
}

/** Instants of the store's clock. */
interface Range {
  readonly from: number
  readonly before: number
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
  const wait = self.pace.take()
  if (wait > 0) {
    yield* Effect.raceFirst(Effect.sleep(wait), Deferred.await(self.closing))
    if (isOver(self, tally)) return
  }
  const outcome = yield* Effect.result(self.service.keep(key))
  if (outcome._tag === "Success") tally.succeed(outcome.success)
  else {
    self.last.failedAt = self.clock.currentTimeMillisUnsafe()
    tally.fail(outcome.failure.reason)
  }
})

// What the page has shown is enough to pass a grant over; whatever else there is to know is seen when it is read.
const passedOver = (
  self: Keeper,
  key: GrantKey.GrantKey | undefined,
  head: Head,
  now: number
): PassedOver | undefined => {
  const { own } = self
  if (key?.provider !== own.provider || key.issuer !== own.issuer || key.client !== own.client) return "OtherClient"
  if (head.installation !== self.service.installation) return "OtherInstallation"
  if (head.format > Grant.format) return "NewerFormat"
  if (head.state._tag === "Renewing" && (head.leaseUntil ?? 0) > now) return "Claimed"
  if ((head.retryAt ?? 0) > now) return "Resting"
  return self.budgets?.left.spend(self.budgets.of(key)) === false ? "OverBudget" : undefined
}

const isOver = (self: Keeper, tally: Tally): boolean => tally.stopped !== undefined || isClosing(self)

/** Whether nothing has failed for so long that nothing rests that will be due again before the next pass. */
export const isCalm = ({ clock, last }: Keeper): boolean =>
  clock.currentTimeMillisUnsafe() - last.failedAt >= Duration.toMillis(longestRest)

/** How long a renewal that failed for a while rests at most, and a keeper after an outage. */
export const longestRest = Duration.minutes(1)

/** For how many milliseconds what is due is not asked for again, at least. */
export const soonest = 250

/** A rest of so many milliseconds, or somewhat more, as nodes that wait for the same do not go together. */
export const spread = (rest: number): Effect.Effect<number> =>
  Effect.map(Random.next, (random) => rest + random * Math.min(soonest, rest / 5))

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
