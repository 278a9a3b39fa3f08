/**
 * The changes of a store in Redis, with every gap noticed.
 *
 * A subscription is at most once: a client that was cut off reconnects and says
 * nothing, and one behind a dead connection does not even know. So every message
 * carries the number of its write, numbers follow one another, and a silence is
 * broken by asking Redis to announce how far it is. Whoever misses a number, or
 * hears nothing at all, knows that something may have been missed.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as RcRef from "effect/RcRef"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Change } from "../TokenStore.ts"
import type { Names } from "./redis.ts"
import * as Scripts from "./redisScripts.ts"
import * as Stopwatch from "./stopwatch.ts"

/**
 * Makes the stream. One subscription serves all who run it, and lasts while
 * anybody does.
 */
export const make = (
  redis: Redis.Redis["Service"],
  names: Names
): Effect.Effect<Stream.Stream<Change>, never, Scope.Scope> =>
  Effect.map(
    RcRef.make({
      acquire: Effect.gen(function*() {
        const listener: Listener = { changes: yield* PubSub.unbounded<Change>(), hasBegun: false }
        yield* Effect.forkScoped(listen(redis, names, listener))
        return listener
      })
    }),
    (shared) =>
      Stream.unwrap(Effect.gen(function*() {
        const listener = yield* RcRef.get(shared)
        const changes = Stream.fromSubscription(yield* PubSub.subscribe(listener.changes))
        // who comes later misses the gap with which the subscription began
        return listener.hasBegun ? Stream.concat(Stream.succeed(gap), changes) : changes
      }))
  )

interface Listener {
  readonly changes: PubSub.PubSub<Change>
  /** There was a message, so that nothing goes unnoticed any more. */
  hasBegun: boolean
}

/** A message: the number of the last write, and of a new one also its key and, unless it was removed, its version. */
export interface Message {
  readonly number: number
  readonly key?: string | undefined
  readonly version?: string | undefined
}

/** Reads a message; `undefined` where it is none. */
export const parse = (text: string): Message | undefined => {
  // versions may hold spaces, keys do not
  const [, digits, key, version] = /^(\d{1,15})(?: ([^ ]+)(?: ([^]+))?)?$/.exec(text) ?? []
  return digits === undefined ? undefined : { number: Number(digits), key, version }
}

// Announces what comes over the channel, and every gap in it, for ever.
const listen = Effect.fnUntraced(function*(
  redis: Redis.Redis["Service"],
  names: Names,
  listener: Listener
): Effect.fn.Return<never> {
  const clock = yield* Clock.Clock
  const publish = (change: Change) => PubSub.publishUnsafe(listener.changes, change)
  let last: number | undefined
  let quiet = Stopwatch.start(clock)

  const receive = (text: string): void => {
    const message = parse(text)
    if (message === undefined) return
    const { key, number, version } = message
    quiet = Stopwatch.start(clock)
    // the first message shows that the subscription stands
    if (last === undefined || number !== (key === undefined ? last : last + 1)) publish(gap)
    last = number
    listener.hasBegun = true
    if (key !== undefined) publish({ _tag: "Changed", key, version })
  }

  const pulse = redis.eval(Scripts.pulse)([names.sequence], [names.changes]).pipe(
    Effect.timeoutOption(patience),
    Effect.ignore
  )

  const subscribed = Effect.scoped(Effect.gen(function*() {
    const messages = yield* redis.subscribe(names.changes)
    last = undefined
    yield* pulse
    while (true) for (const { message } of yield* Queue.takeAll(messages)) receive(message)
  }))

  const watch = Effect.gen(function*() {
    // apart from the others, so that one asks for all
    const limit = Duration.toMillis(silence) * (0.75 + 0.5 * (yield* Random.next))
    const left = limit - quiet()
    if (left > 0) return yield* Effect.sleep(left)
    const before = quiet
    yield* pulse
    if (quiet === before) yield* Effect.sleep(patience)
    if (quiet !== before || !listener.hasBegun) return
    publish(gap)
    quiet = Stopwatch.start(clock)
  })

  return yield* Effect.raceFirst(
    Effect.forever(Effect.andThen(Effect.ignore(subscribed), Effect.sleep(patience))),
    Effect.forever(watch)
  )
})

const gap: Change = { _tag: "Gap" }

// together they bound for how long a change may go unnoticed: a quarter more than the one, twice the other
const silence = Duration.seconds(4)
const patience = Duration.seconds(1)
