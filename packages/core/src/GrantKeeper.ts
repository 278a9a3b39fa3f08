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
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type * as GrantKey from "./GrantKey.ts"
import * as Pass from "./internal/keeperPass.ts"
import { Budgets, Pace, type Rate } from "./internal/pace.ts"
import * as Stopwatch from "./internal/stopwatch.ts"
import * as OAuthError from "./OAuthError.ts"
import { RefreshPolicy } from "./RefreshPolicy.ts"
import { TokenService } from "./TokenService.ts"
import { TokenStore } from "./TokenStore.ts"

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
  /** Tries that came to nothing, by reason. */
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
   * Renews everything that is due when it begins, tries what failed once more
   * where it has rested before all is done, and tells what came of it: for a
   * scheduler of your own. Never fails.
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
 *   pages in memory, and a third of what is tried again, and forgets each grant
 *   that this process did not use before.
 * - What has failed for a while is tried again when it has rested: after what has
 *   not been tried, or about an `interval` later, however long the pass takes.
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
  const once = Effect.withSpan(Pass.pass(keeper), "GrantKeeper.once", { root: true })
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

const prepare = Effect.fnUntraced(
  function*(options: Options = {}): Effect.fn.Return<Pass.Keeper, OAuthError.OAuthError, TokenService | TokenStore> {
    const clock = yield* Clock.Clock
    const policy = yield* RefreshPolicy
    const service = yield* TokenService
    const store = yield* TokenStore
    const { budget, concurrency = 16, interval = "15 seconds", pageSize = 256 } = options
    for (const [field, count] of Object.entries({ concurrency, pageSize })) {
      if (!(count >= 1)) return yield* invalid(field, "must be 1 or more")
    }
    const elapsed = Stopwatch.startMonotonic(clock)
    const own = service.key("")
    return {
      clock,
      policy,
      service,
      own,
      concurrency,
      pageSize,
      last: { looked: 0, failedAt: Number.NEGATIVE_INFINITY },
      closing: Deferred.makeUnsafe(),
      interval: Duration.fromInputUnsafe(interval),
      pace: new Pace(yield* rateOf("limit", options.limit ?? { permits: 20, interval: "1 second" }), elapsed),
      budgets: budget === undefined
        ? undefined
        : { of: budget.of, left: new Budgets(yield* rateOf("budget", budget), elapsed) },
      due: (options) =>
        Effect.suspend(() => store.due({ ...options, providers: [own.provider] })).pipe(
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
const run = Effect.fnUntraced(function*(self: Pass.Keeper, once: Effect.Effect<Report>): Effect.fn.Return<void> {
  let outages = 0
  // nodes that are started together do not go together
  let rest = Duration.times(self.interval, yield* Random.next)
  while (!Pass.isClosing(self)) {
    yield* Effect.raceFirst(Effect.sleep(rest), Deferred.await(self.closing))
    if (Pass.isClosing(self)) return
    const report = yield* once
    const stopped = Option.getOrUndefined(report.stopped)
    outages = stopped?.why === "StoreUnavailable" ? outages + 1 : 0
    if (outages === 1) yield* Effect.logWarning("The store does not answer; grants are not kept until it does")
    const random = yield* Random.next
    if (stopped === undefined && Pass.isCalm(self)) rest = Duration.times(self.interval, 0.8 + 0.4 * random)
    else if (stopped === undefined) rest = Duration.millis(yield* Pass.spread(Duration.toMillis(yield* untilDue(self))))
    else rest = Duration.times(restAfter(stopped, outages), 1 + 0.2 * random)
  }
})

const restAfter = (stopped: Stopped, outages: number): Duration.Duration => {
  if (outages > 0) return Duration.min(Pass.longestRest, Duration.times(shortestRest, 2 ** Math.min(outages, 10)))
  const { retryAfter } = stopped.why === "ServerUnavailable" ? stopped : { retryAfter: undefined }
  return Duration.max(retryAfter ?? shortestRest, shortestRest)
}

// What has failed rests for a second, doubling up to a minute, and is due again: the next pass begins when it is. What
// had been due before and still is can be renewed no better by hurrying.
const untilDue = (self: Pass.Keeper): Effect.Effect<Duration.Duration> =>
  Effect.map(
    Effect.option(self.due({ from: self.last.looked, before: Number.MAX_SAFE_INTEGER, limit: 1 })),
    Option.match({
      onNone: () => self.interval,
      onSome: ({ heads: [head], now }) =>
        head?.dueAt === undefined ? self.interval : Duration.min(
          self.interval,
          Duration.millis(Math.max(head.dueAt - now, Pass.soonest))
        )
    })
  )

const shortestRest = Duration.millis(500)

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
