/**
 * How much of an answer is read, and how long it is waited for: the limits of
 * every exchange with an authorization server (RFC 6749, section 3.2, and the
 * endpoints of its companions), so that none of them can fill this process's
 * memory or hold it up.
 *
 * **Details**
 *
 * Provide {@link layer} beneath everything else. What is not set stays as in
 * {@link defaults}.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"

/**
 * The limits of one exchange.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExchangeLimits {
  /** The largest body that is read, in bytes, counted as it is after inflating; 1 MiB. */
  readonly maxBytes: number
  /** The most header fields that an answer may have; 1,000. */
  readonly maxHeaders: number
  /**
   * How long connecting, head and body may take together; 30 seconds. Renewals have `RefreshPolicy.timeLimit`. A hook of a
   * dialect, and a key that signs elsewhere, have as long.
   */
  readonly timeLimit: Duration.Duration
  /** How long connecting and the head may take, of that; as long, unless said otherwise. */
  readonly headTimeLimit?: Duration.Duration | undefined
}

/**
 * The default limits.
 *
 * @category models
 * @since 0.1.0
 */
export const defaults: ExchangeLimits = {
  maxBytes: 1_048_576,
  maxHeaders: 1_000,
  timeLimit: Duration.seconds(30)
}

/**
 * Limits as they are written: what is left out stays as in {@link defaults}.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly maxBytes?: number | undefined
  readonly maxHeaders?: number | undefined
  readonly timeLimit?: Duration.Input | undefined
  readonly headTimeLimit?: Duration.Input | undefined
}

/**
 * The limits in context; {@link defaults} unless a layer says otherwise.
 *
 * @category services
 * @since 0.1.0
 */
export const ExchangeLimits: Context.Reference<ExchangeLimits> = Context.Reference<ExchangeLimits>(
  "@effect-oauth/core/ExchangeLimits",
  { defaultValue: () => defaults }
)

/**
 * A layer that sets the limits.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<never> =>
  Layer.succeed(ExchangeLimits, {
    maxBytes: options.maxBytes ?? defaults.maxBytes,
    maxHeaders: options.maxHeaders ?? defaults.maxHeaders,
    timeLimit: Duration.fromInputUnsafe(options.timeLimit ?? defaults.timeLimit),
    headTimeLimit: options.headTimeLimit === undefined ? undefined : Duration.fromInputUnsafe(options.headTimeLimit)
  })
