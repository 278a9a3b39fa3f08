/**
 * Renews grants before anybody asks: those that were used lately, before their
 * access token ends, and those that nobody uses, before their refresh token
 * dies.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Grant from "./Grant.ts"
import * as GrantKey from "./GrantKey.ts"
import { Budgets, Pace, type Rate } from "./internal/pace.ts"
import * as Stopwatch from "./internal/stopwatch.ts"
import * as OAuthError from "./OAuthError.ts"
import { RefreshPolicy } from "./RefreshPolicy.ts"
import { TokenService } from "./TokenService.ts"
import { type Head, type Page, TokenStore } from "./TokenStore.ts"

/**
 * Why a grant that is due was passed over.
 *
 * - `OtherClient`: it is of another server or client, and some other keeper's.
 * - `OtherInstallation`, `NewerFormat`: this process may not renew it.
 * - `Claimed`: another process is at it.
 * - `Resting`: it is not to be tried before its `retryAt`.
 * - `OverBudget`: its budget was spent.
 *
 * @category models
 * @since 0.1.0
 */
export type PassedOver = "OtherClient" | "OtherInstallation" | "NewerFormat" | "Claimed" | "Resting" | "OverBudget"

/**
 * What one pass over the grants that are due came to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** Renewed by this process. */
  readonly renewed: number
  /** Found renewed, or in the hands of another process, when their turn came. */
  readonly current: number
  readonly passedOver: Readonly<Partial<Record<PassedOver, number>>>
  /** Could not be renewed, by reason. */
  readonly failed: Readonly<Partial<Record<OAuthError.OAuthErrorReason["_tag"], number>>>
  /** For how long the grant that was due first had been due when the pass began. */
  readonly overdue: Duration.Duration
  /** Why the pass ended before it had seen everything. */
  readonly stopped: Option.Option<Stopped>
}

/**
 * Why a pass ended early: the authorization server is to be left alone, the
 * store does not answer, or the keeper is being closed.
 *
 * @category models
 * @since 0.1.0
 */
export type Stopped =
  | { readonly why: "ServerUnavailable" | "StoreUnavailable"; readonly retryAfter?: Duration.Duration | undefined }
  | { readonly why: "Closing" }

/**
 * So many renewals in so much time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limit {
  readonly permits: number
  readonly interval: Duration.Input
}

/**
 * How fast a keeper works. What is renewed, and when, is said by
 * `RefreshPolicy` (`usedWithin`, `idleMargin`), since every process that writes
 * a record has to know.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Renewals at a time in this process; 16. */
  readonly concurrency?: number | undefined
  /**
   * How many renewals this process begins, evenly spread; 20 in 1 second. Each
   * process that runs a keeper has as many to itself.
   */
  readonly limit?: Limit | undefined
  /** How long after one pass the next begins, a fifth more or less; 15 seconds. */
  readonly interval?: Duration.Input | undefined
  /** How many records are asked for at once; 256. */
  readonly pageSize?: number | undefined
  /**
   * Budgets of tenants: how many renewals each may have, and whose a grant is. A
   * grant whose budget is spent waits for another pass.
   */
  readonly budget?: (Limit & { readonly of: (key: GrantKey.GrantKey) => string }) | undefined
}

/**
 * Keeps the grants of one `TokenService` alive.
 *
 * @category services
 * @since 0.1.0
 */
export class GrantKeeper extends Context.Service<GrantKeeper, {
  /**
   * Renews everything that is due when it begins, and tells what came of it: for
   * a scheduler of your own. Never fails.
   */
  readonly once: Effect.Effect<Report>

  /**
   * Passes over the grants again and again until the scope is closed. The layer
   * does this by itself.
   */
  readonly run: Effect.Effect<void>
}>()("@effect-oauth/core/GrantKeeper") {}

/**
 * Makes a keeper that does nothing by itself; see {@link layer}.
 *
 * **Details**
 *
 * - It runs on every node at once, and needs no leader: claims see to it that
 *   each grant is renewed once. Nodes begin at different times and at different
 *   places, and take the grants of a page in different orders. What another has
 *   renewed or claimed is not written, and mostly not even read.
 * - The store is asked by pages for what is due, from its index. A pass holds two
 *   pages in memory and forgets each grant that this process did not use before.
 * - It is polite: no more renewals at once, and none faster, than its options
 *   say; none while the breaker of the token service is open, and none of a
 *   grant before its `retryAt`.
 * - Nothing ends it. A grant that cannot be renewed is counted, and the next one
 *   follows; when the store does not answer, the pass ends and another begins
 *   later, after rests that double up to a minute.
 * - When its scope is closed, no renewal is begun, and those under way are waited
 *   for, for `RefreshPolicy.shutdownGrace` at most.
 *
 * **Gotchas**
 *
 * The store must be the one that the token service uses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: Options): Effect.fn.Return<
  GrantKeeper["Service"],
  OAuthError.OAuthError,
  Scope.Scope | TokenService | TokenStore
> {
  const keeper = yield* prepare(options)
  const once = Effect.withSpan(pass(keeper), "GrantKeeper.once", { root: true })
  const working = new Set<Fiber.Fiber<unknown>>()
  yield* Effect.addFinalizer(() =>
    Deferred.succeed(keeper.closing, undefined).pipe(
      Effect.andThen(Effect.timeoutOption(Fiber.awaitAll([...working]), keeper.policy.shutdownGrace)),
      Effect.andThen(Effect.suspend(() => Fiber.interruptAll([...working])))
    )
  )
  // a pass belongs to the keeper: whoever asked for it may go, and what has begun is finished
  const owned = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkDetach(effect)
      working.add(fiber)
      fiber.addObserver(() => working.delete(fiber))
      return yield* Fiber.join(fiber)
    })
  return GrantKeeper.of({ once: owned(once), run: owned(run(keeper, once)) })
})

/**
 * A keeper at work, for as long as the layer lives.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<GrantKeeper, OAuthError.OAuthError, TokenService | TokenStore> =>
  Layer.effect(
    GrantKeeper,
    Effect.tap(make(options), (keeper) => Effect.forkScoped(keeper.run))
  )

interface Keeper {
  readonly clock: Clock.Clock
  readonly closing: Deferred.Deferred<void>
  readonly concurrency: number
  readonly interval: Duration.Duration
  readonly pageSize: number
  readonly pace: Pace
  readonly budgets: { readonly of: (key: GrantKey.GrantKey) => string; readonly left: Budgets } | undefined
  readonly policy: RefreshPolicy
  readonly service: TokenService["Service"]
  readonly due: (options: {
    readonly from?: number
    readonly before: number
    readonly limit: number
    readonly cursor?: string | undefined
  }) => Effect.Effect<Page, OAuthError.OAuthError>
}

const prepare = Effect.fnUntraced(
  function*(options: Options = {}): Effect.fn.Return<Keeper, OAuthError.OAuthError, TokenService | TokenStore> {
    const clock = yield* Clock.Clock
    const policy = yield* RefreshPolicy
    const service = yield* TokenService
    const store = yield* TokenStore
    const { budget, concurrency = 16, interval = "15 seconds", pageSize = 256 } = options
    for (const [field, count] of Object.entries({ concurrency, pageSize })) {
      if (!(count >= 1)) return yield* invalid(field, "must be 1 or more")
    }
    const elapsed = Stopwatch.startMonotonic(clock)
    const { provider } = service.key("")
    return {
      clock,
      policy,
      service,
      concurrency,
      pageSize,
      closing: Deferred.makeUnsafe(),
      interval: Duration.fromInputUnsafe(interval),
      pace: new Pace(yield* rateOf("limit", options.limit ?? { permits: 20, interval: "1 second" }), elapsed),
      budgets: budget === undefined
        ? undefined
        : { of: budget.of, left: new Budgets(yield* rateOf("budget", budget), elapsed) },
      due: (options) =>
        Effect.suspend(() => store.due({ ...options, providers: [provider] })).pipe(
          Effect.catchDefect(() => Effect.fail(storeFailed(store.name, "defect"))),
          Effect.timeoutOrElse({
            duration: policy.storeTimeLimit,
            orElse: () => Effect.fail(storeFailed(store.name, "timeout"))
          })
        )
    }
  }
)

// Passes again and again. Never fails, and ends only when the keeper is closed.
const run = Effect.fnUntraced(function*(self: Keeper, once: Effect.Effect<Report>): Effect.fn.Return<void> {
  let outages = 0
  // nodes that are started together do not go together
  let rest = Duration.times(self.interval, yield* Random.next)
  while (!isClosing(self)) {
    yield* Effect.raceFirst(Effect.sleep(rest), Deferred.await(self.closing))
    if (isClosing(self)) return
    const report = yield* once
    const stopped = Option.getOrUndefined(report.stopped)
    outages = stopped?.why === "StoreUnavailable" ? outages + 1 : 0
    if (outages === 1) yield* Effect.logWarning("The store does not answer; grants are not kept until it does")
    const [least, most] = stopped === undefined ? [0.8, 1.2] : [1, 1.2]
    rest = Duration.times(restAfter(self, report, outages), least + (most - least) * (yield* Random.next))
  }
})

const restAfter = (self: Keeper, report: Report, outages: number): Duration.Duration => {
  const stopped = Option.getOrUndefined(report.stopped)
  if (outages > 0) return Duration.min(longestRest, Duration.times(shortestRest, 2 ** Math.min(outages, 10)))
  if (stopped?.why === "ServerUnavailable") return Duration.max(stopped.retryAfter ?? shortestRest, shortestRest)
  // what has failed rests for a second or so, and is due again
  return Object.keys(report.failed).length > 0 ? Duration.min(self.interval, shortestRest) : self.interval
}

const shortestRest = Duration.millis(500)
const longestRest = Duration.minutes(1)

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

// Everything that is due now: from a place of this node's own to the end, then from the beginning to that place.
const pass = Effect.fnUntraced(function*(self: Keeper): Effect.fn.Return<Report> {
  const tally = new Tally()
  self.budgets?.left.tidy()
  const first = yield* Effect.result(self.due({ before: Number.MAX_SAFE_INTEGER, limit: 1 }))
  if (first._tag === "Failure") {
    tally.stopped = { why: "StoreUnavailable" }
  } else {
    const { heads: [head], now } = first.success
    const begin = head?.dueAt ?? now
    tally.overdue = Math.max(0, now - begin)
    yield* Metric.update(overdue, tally.overdue)
    if (begin < now) {
      const middle = begin + Math.floor((now - begin) * (yield* Random.next))
      yield* leg(self, tally, { from: middle, before: now })
      yield* leg(self, tally, { from: begin, before: middle })
    }
  }
  if (isClosing(self)) tally.stopped = { why: "Closing" }
  const report = tally.report()
  yield* count(report)
  return report
})

const leg = (
  self: Keeper,
  tally: Tally,
  range: { readonly from: number; readonly before: number }
): Effect.Effect<void> => {
  if (range.from >= range.before) return Effect.void
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
    const visits = yield* Random.shuffle(heads.map((head) => ({ head, now })))
    return [visits, Option.fromUndefinedOr(next)]
  })
  return Stream.paginate<string | undefined, Visit>(undefined, page).pipe(
    Stream.mapEffect((visited) => visit(self, tally, visited), {
      concurrency: self.concurrency,
      unordered: true
    }),
    Stream.runDrain
  )
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

const isClosing = (self: Keeper): boolean => Deferred.isDoneUnsafe(self.closing)

const isOver = (self: Keeper, tally: Tally): boolean => tally.stopped !== undefined || isClosing(self)

// what fails so often in a row is not the fault of one grant
const outage = 3

const rateOf = (field: string, { interval, permits }: Limit): Effect.Effect<Rate, OAuthError.OAuthError> => {
  const millis = Duration.toMillis(Duration.fromInputUnsafe(interval))
  return permits > 0 && millis > 0 && Number.isFinite(millis)
    ? Effect.succeed({ permits, interval: millis })
    : invalid(field, "must be more than none, in more than no time")
}

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(
    OAuthError.make("GrantKeeper", "make", new OAuthError.ConfigurationInvalid({ field, problem }))
  )

const storeFailed = (store: string, problem: string): OAuthError.OAuthError =>
  OAuthError.make("GrantKeeper", "once", new OAuthError.StoreUnavailable({ store, problem }))

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
