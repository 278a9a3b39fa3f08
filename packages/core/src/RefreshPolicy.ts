/**
 * When and how grants are renewed: every duration, schedule and limit of the
 * refresh transaction, with its default.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Durations from "./internal/durations.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * How a token that is usable and due is renewed: in the background of the
 * service's scope (servers), before it is returned (processes that freeze or
 * exit when they are done), or by a hook that keeps the process alive for it
 * (`waitUntil`).
 *
 * @category models
 * @since 0.1.0
 */
export type Background = "scope" | "inline" | ((renewal: Effect.Effect<void>) => Effect.Effect<void>)

/**
 * A schedule of attempts: how long to wait before each, and when to give up.
 *
 * @category models
 * @since 0.1.0
 */
export type Attempts = Schedule.Schedule<unknown>

/**
 * The refresh policy.
 *
 * **Details**
 *
 * Lease, settle time, the server's patience (`RotationPolicy`) and
 * `timeLimit` belong together: a request whose sender gave up must not be
 * processed after the next one presented the same token. With the defaults a
 * token without an answer rests at least `lease + settle + patience` after its
 * sender gave up.
 *
 * @category models
 * @since 0.1.0
 */
export interface RefreshPolicy {
  /** How long before its end a token is due; 1 minute. */
  readonly margin: Duration.Duration
  /** The largest part of a token's lifetime that `margin` may take; 0.2. Short-lived tokens cannot loop. */
  readonly marginFraction: number
  /** How much of the margin is spread by chance, so that nodes do not renew in step; 0.2. */
  readonly jitter: number
  /** How long before its end a token is no longer handed out; 5 seconds, at most a tenth of its lifetime. */
  readonly skew: Duration.Duration
  /**
   * For how long after its last use a grant is renewed before anybody asks, where a `GrantKeeper` runs; 1 day. With
   * zero only before its refresh token dies, with infinity for ever.
   */
  readonly usedWithin: Duration.Duration
  /** How long before its refresh token dies an idle grant is renewed; 3 days, at most `marginFraction` of what is left. */
  readonly idleMargin: Duration.Duration
  /** How long a process remembers a grant that it does not use, at least, and at most twice; 1 hour. */
  readonly forgetAfter: Duration.Duration
  /** Only a refusal renews a pair younger than this; 10 seconds, at most half of its lifetime. */
  readonly minInterval: Duration.Duration
  /** A token that came from a refusal is not renewed by a refusal for this long; 1 minute. */
  readonly refusalCooldown: Duration.Duration
  /** How a token that is usable and due is renewed; `"scope"`. */
  readonly background: Background
  /**
   * How long a caller waits for a renewal; 30 seconds. The renewal goes on. Who comes at most a thousandth of it after
   * others waits with them, and that much less.
   */
  readonly waitAtMost: Duration.Duration

  /** How long a claim holds without a heartbeat; 30 seconds. */
  readonly lease: Duration.Duration
  /** How long a claim whose lease ran out must stand unchanged before another may follow; 10 seconds. */
  readonly settle: Duration.Duration
  /** What must remain of the lease for a request to be sent; 5 seconds. */
  readonly sendReserve: Duration.Duration
  /** The limit of one request to the token endpoint, heartbeats keeping the lease; 1 minute. */
  readonly timeLimit: Duration.Duration

  /** Attempts after nothing was sent, within a claim; 4 within about two seconds. */
  readonly notSent: Attempts
  /** Attempts after an answer was lost, within a claim, where the rotation policy allows; 4 within about two seconds. */
  readonly ambiguous: Attempts
  /** Rest after renewals that failed for a while, by the number of failures; 1 second doubling to 1 minute. */
  readonly backOff: (failures: number) => Duration.Duration
  /** Rest after a refusal that only a person can mend, by the number of failures; 1 minute doubling to 1 hour. */
  readonly misconfigured: (failures: number) => Duration.Duration
  /** Rest after an outcome that is not known, by the number of attempts, beyond lease, settle and patience; doubling. */
  readonly indeterminate: (attempts: number) => Duration.Duration
  /** The longest that a server's `Retry-After` is believed; 1 hour. */
  readonly retryAfterCap: Duration.Duration
  /** After this many failures in a row the server is left alone for `breakerRest`; 10 and 10 seconds. */
  readonly breakerThreshold: number
  readonly breakerRest: Duration.Duration
  /** A server that ends so many grants in a minute, and more than a tenth of those renewed, ends none; 20. */
  readonly brake: number

  /** The limit of one call to the store; 5 seconds. */
  readonly storeTimeLimit: Duration.Duration
  /** Attempts to save a pair that the store did not take; for ever, 100 ms doubling to 5 seconds. */
  readonly persist: Attempts
  /** How often a claim held elsewhere is looked at where the store does not notify; 50 ms doubling to 1 second. */
  readonly poll: Attempts
  /** How long a snapshot is trusted where the store does not notify; 30 seconds. */
  readonly maxStaleness: Duration.Duration
  /** How long closing waits for answers and commits; 10 seconds. */
  readonly shutdownGrace: Duration.Duration
}

/**
 * A policy as it is written: what is left out stays as in {@link defaults}.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = {
  readonly [K in keyof RefreshPolicy]?:
    | (RefreshPolicy[K] extends Duration.Duration ? Duration.Input : RefreshPolicy[K])
    | undefined
}

/**
 * The policy in context; {@link defaults} unless a layer says otherwise.
 *
 * @category services
 * @since 0.1.0
 */
export const RefreshPolicy: Context.Reference<RefreshPolicy> = Context.Reference<RefreshPolicy>(
  "@effect-oauth/core/RefreshPolicy",
  { defaultValue: () => defaults }
)

/**
 * The default policy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: RefreshPolicy = {
  margin: Duration.minutes(1),
  marginFraction: 0.2,
  jitter: 0.2,
  skew: Duration.seconds(5),
  usedWithin: Duration.days(1),
  idleMargin: Duration.days(3),
  forgetAfter: Duration.hours(1),
  minInterval: Duration.seconds(10),
  refusalCooldown: Duration.minutes(1),
  background: "scope",
  waitAtMost: Duration.seconds(30),
  lease: Duration.seconds(30),
  settle: Duration.seconds(10),
  sendReserve: Duration.seconds(5),
  timeLimit: Duration.minutes(1),
  notSent: Schedule.exponential("250 millis").pipe(Schedule.upTo({ times: 3 })),
  ambiguous: Schedule.exponential("250 millis").pipe(Schedule.upTo({ times: 3 })),
  backOff: doubling(Duration.seconds(1), Duration.minutes(1)),
  misconfigured: doubling(Duration.minutes(1), Duration.hours(1)),
  indeterminate: (attempts) =>
    attempts <= 1 ? Duration.zero : doubling(Duration.minutes(5), Duration.hours(6))(attempts - 1),
  retryAfterCap: Duration.hours(1),
  breakerThreshold: 10,
  breakerRest: Duration.seconds(10),
  brake: 20,
  storeTimeLimit: Duration.seconds(5),
  persist: Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]),
  poll: Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")]),
  maxStaleness: Duration.seconds(30),
  shutdownGrace: Duration.seconds(10)
}

/**
 * Makes a policy.
 *
 * **Gotchas**
 *
 * Throws an `OAuthError` with the reason `ConfigurationInvalid` where a duration
 * is not finite or below zero, but for `usedWithin`, which may be infinite, or
 * where a number is none. {@link layer} fails with it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): RefreshPolicy =>
  Result.getOrThrowWith(read(options), (reason) => OAuthError.make("RefreshPolicy", "make", reason))

/**
 * Durations that double from `first` up to `most`.
 *
 * @category combinators
 * @since 0.1.0
 */
export function doubling(first: Duration.Duration, most: Duration.Duration): (count: number) => Duration.Duration {
  return (count) =>
    Duration.min(most, Duration.millis(Duration.toMillis(first) * 2 ** Math.min(30, Math.max(0, count - 1))))
}

/**
 * A layer that sets the policy; fails where {@link make} throws.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<never, OAuthError.OAuthError> =>
  Layer.effect(
    RefreshPolicy,
    Effect.mapError(
      Effect.fromResult(read(options)),
      (reason) => OAuthError.make("RefreshPolicy", "layer", reason)
    )
  )

const read = (options: Options): Result.Result<RefreshPolicy, OAuthError.ConfigurationInvalid> => {
  const policy: Record<string, unknown> = Object.fromEntries(Object.entries(defaults))
  for (const [field, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (!Duration.isDuration(policy[field])) {
      if (Number.isNaN(value)) return invalid(field, "must be a number")
      policy[field] = value
      continue
    }
    const duration = Durations.read(value as Duration.Input)
    if (duration === undefined || !(Durations.isLasting(duration) || isForEver(field, duration))) {
      return invalid(field, Durations.problem)
    }
    policy[field] = duration
  }
  return Result.succeed(Object.assign({}, defaults, policy))
}

const isForEver = (field: string, duration: Duration.Duration): boolean =>
  field === "usedWithin" && Duration.equals(duration, Duration.infinity)

const invalid = (field: string, problem: string) => Result.fail(new OAuthError.ConfigurationInvalid({ field, problem }))
