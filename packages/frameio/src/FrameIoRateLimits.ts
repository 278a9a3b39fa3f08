/**
 * Frame.io's rate limits, kept to: calls wait for their turn instead of being
 * refused, and what was refused (429, RFC 6585, section 4) is sent again.
 *
 * Every answer, 401 and 429 included, tells the limit, what remains of it, and
 * the window in milliseconds. The bucket leaks continuously, so that one call may
 * follow the other after the window divided by the limit. There is no
 * `Retry-After`.
 *
 * - [Rate limits](https://developer.frame.io/docs/troubleshooting/rate-limits)
 *
 * @since 0.1.0
 */
import * as RetryAfter from "@effect-oauth/core/RetryAfter"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Random from "effect/Random"
import { Bucket } from "./internal/bucket.ts"

const TypeId = "~@effect-oauth/frameio/FrameIoRateLimits"

/**
 * What is known of Frame.io's limits in this process, and whose turn it is.
 * Make one, and let every client use it.
 *
 * @category models
 * @since 0.1.0
 */
export interface FrameIoRateLimits {
  readonly [TypeId]: typeof TypeId
  /**
   * Sends a request when it is its turn in a bucket, and reads from the answer
   * what the bucket holds.
   */
  readonly take: <E, R>(
    bucket: string,
    request: HttpClientRequest,
    send: Effect.Effect<HttpClientResponse, E, R>
  ) => Effect.Effect<HttpClientResponse, E | RateLimited, R>
}

/**
 * What an answer tells of its limit: `limit` calls in every `window`, of which
 * `remaining` may be sent at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Told {
  readonly limit: number
  readonly remaining: number
  readonly window: Duration.Duration
}

/**
 * How long to wait, and how often to try.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How long a call waits for its turn, and how long it rests after a 429; a minute. */
  readonly waitAtMost?: Duration.Input | undefined
  /** How often a call is sent again that was answered 429; 3. */
  readonly times?: number | undefined
}

/**
 * A call would wait longer for its turn than it may. It was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RateLimited extends Data.TaggedError("RateLimited")<{
  /** Which of Frame.io's limits: the method and the route. */
  readonly route: string
  /** When a turn is likely. */
  readonly retryAfter: Duration.Duration
}> {
  readonly isTransient: boolean = true
  override get message(): string {
    return `Too many calls of ${this.route} wait for Frame.io's rate limit; this one was not sent. Try again in ${
      Duration.format(this.retryAfter)
    }`
  }
}

/**
 * Makes them, with nothing known.
 *
 * **Details**
 *
 * - A bucket of which nothing is known yet lets three calls through; their
 *   answers tell the rest. An API that tells nothing is not limited.
 * - Calls of one bucket go in their order, one after the other as room comes
 *   free, so that no wait ends in a herd.
 * - After a 429 the whole bucket rests: a second at first, for the same call twice
 *   as long each time, with up to a quarter more by chance, and never less than
 *   the answer asks for. A call whose body cannot be sent twice is not sent again.
 * - Where the wait would be longer than `waitAtMost`, a call fails with
 *   `RateLimited` at once, unsent, and a 429 is handed on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Effect.Effect<FrameIoRateLimits> =>
  Effect.sync(() => {
    const waitAtMost = Duration.toMillis(options?.waitAtMost ?? Duration.minutes(1))
    const times = options?.times ?? 3
    const buckets = new Map<string, Bucket>()

    const find = (name: string, now: number): Bucket => {
      const known = buckets.get(name)
      if (known !== undefined) return known
      if (buckets.size >= mostBuckets) {
        for (const [name, bucket] of buckets) if (bucket.isIdle(now)) buckets.delete(name)
      }
      const bucket = new Bucket(now)
      buckets.set(name, bucket)
      return bucket
    }

    const take = <E, R>(
      name: string,
      request: HttpClientRequest,
      send: Effect.Effect<HttpClientResponse, E, R>
    ): Effect.Effect<HttpClientResponse, E | RateLimited, R> =>
      Effect.gen(function*() {
        const bucket = find(name, yield* Clock.currentTimeMillis)
        const next = inTurn(bucket, route(request), waitAtMost, send)
        let response = yield* next
        for (let tried = 0; response.status === 429; tried++) {
          const refused = response
          const now = yield* Clock.currentTimeMillis
          const doubled = Math.max(firstRest, bucket.interval) * 2 ** tried * (1 + (yield* Random.next) / 4)
          const rest = Math.max(doubled, askedFor(refused, now))
          bucket.rest(now + Math.min(rest, waitAtMost))
          if (tried >= times || rest > waitAtMost || !isRepeatable(request)) break
          // where there is no turn for it any more, the 429 stays the answer
          response = yield* Effect.catch(
            next,
            (error) => error instanceof RateLimited ? Effect.succeed(refused) : Effect.fail(error)
          )
          if (response === refused) break
        }
        return response
      })

    return { [TypeId]: TypeId, take }
  })

/**
 * Lets a client keep to the limits. `account` names whose limits they are: the
 * `id` of a grant's key, say.
 *
 * **Gotchas**
 *
 * Put it around an `AuthorizedHttpClient`, and not inside: a call asks for its
 * token when it is sent, not when it begins to wait.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withRateLimits: {
  (
    limits: FrameIoRateLimits,
    options: { readonly account: string }
  ): <E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | RateLimited, R>
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    limits: FrameIoRateLimits,
    options: { readonly account: string }
  ): HttpClient.HttpClient.With<E | RateLimited, R>
} = dual(3, <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  limits: FrameIoRateLimits,
  options: { readonly account: string }
): HttpClient.HttpClient.With<E | RateLimited, R> =>
  HttpClient.transform(
    client,
    (send, request) => limits.take(`${options.account} ${route(request)}`, request, send)
  ))

/**
 * Reads the limit from an answer; `undefined` where it does not tell one that can
 * be kept to.
 *
 * @category getters
 * @since 0.1.0
 */
export const fromHeaders = (headers: Readonly<Record<string, string | undefined>>): Told | undefined => {
  const [limit, remaining, window] = ["limit", "remaining", "window"].map((name) => {
    const text = headers[`x-ratelimit-${name}`]
    return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined
  })
  return limit === undefined || remaining === undefined || window === undefined || limit < 1 || window < 1
    ? undefined
    : { limit, remaining: Math.min(remaining, limit), window: Duration.millis(window) }
}

/**
 * Which limit a request counts towards: its method and its path, in which
 * identifiers are written `*`.
 *
 * @category getters
 * @since 0.1.0
 */
export const route = ({ method, url }: Pick<HttpClientRequest, "method" | "url">): string => {
  const path = URL.canParse(url) ? new URL(url).pathname : url.replace(/[?#].*/s, "")
  return `${method} ${path.split("/").map((segment) => identifier.test(segment) ? "*" : segment).join("/")}`
}

const identifier = /^(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

// Sends a call in its turn, and hears what comes of it.
const inTurn = <E, R>(
  bucket: Bucket,
  route: string,
  waitAtMost: number,
  send: Effect.Effect<HttpClientResponse, E, R>
): Effect.Effect<HttpClientResponse, E | RateLimited, R> =>
  Effect.suspend(() => {
    let serial: number | undefined
    const turn = waitForTurn(bucket, route, waitAtMost, () => {
      serial = bucket.send()
    })
    return Effect.onExit(Effect.andThen(turn, send), (exit) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (serial === undefined) return
        const told = Exit.isSuccess(exit) ? fromHeaders(exit.value.headers) : undefined
        if (Exit.isSuccess(exit) && told === undefined && exit.value.status !== 429) bucket.open()
        bucket.hear(told, serial, now)
      }))
  })

const waitForTurn = (
  bucket: Bucket,
  route: string,
  waitAtMost: number,
  take: () => void
): Effect.Effect<void, RateLimited> => {
  const likely = (now: number) => Math.ceil(bucket.wait(now) + bucket.waiting * bucket.interval)
  const refused = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => Effect.fail(new RateLimited({ route, retryAfter: Duration.millis(likely(now)) }))
  )
  const first: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const wait = bucket.wait(now)
    return wait === 0
      ? Effect.sync(take)
      : Effect.andThen(Effect.raceFirst(Effect.sleep(Math.ceil(wait)), Deferred.await(bucket.changed)), first)
  })
  const queued = Effect.suspend(() => {
    bucket.waiting++
    return Effect.ensuring(
      bucket.gate.withPermits(1)(first),
      Effect.sync(() => {
        bucket.waiting--
      })
    )
  })
  return Effect.flatMap(
    Clock.currentTimeMillis,
    (now) =>
      likely(now) > waitAtMost
        ? refused
        : Effect.timeoutOrElse(queued, { duration: waitAtMost, orElse: () => refused })
  )
}

const askedFor = ({ headers }: HttpClientResponse, now: number): number =>
  Duration.toMillis(RetryAfter.fromHeaders(headers, { now }) ?? Duration.zero)

const isRepeatable = ({ body }: HttpClientRequest): boolean =>
  body._tag !== "Stream" && (body._tag !== "Raw" || typeof body.body === "string")

const firstRest = 1_000

const mostBuckets = 1_000
