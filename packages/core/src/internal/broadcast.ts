/**
 * What is told to everyone who listens, from when each began to.
 *
 * A `PubSub` does this and much more, and is a tenth of a small program's size.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** Something that is listened to. */
export interface Broadcast<A> {
  readonly tell: (value: A) => void
  /** What is told from now on. It ends with the broadcast, after what was told. */
  readonly stream: Stream.Stream<A>
  readonly end: Effect.Effect<void>
}

/** Begins a broadcast. Who listens and does not keep up misses the oldest of more than `capacity`. */
export const make = <A>(options?: {
  readonly capacity?: number | undefined
  /** What each is told first. */
  readonly first?: A | undefined
}): Broadcast<A> => {
  const listeners = new Set<Queue.Queue<A, Cause.Done>>()
  let ended = false
  return {
    tell: (value) => {
      for (const listener of listeners) Queue.offerUnsafe(listener, value)
    },
    stream: Stream.unwrap(
      Effect.map(
        Effect.acquireRelease(
          Effect.map(Queue.make<A, Cause.Done>({ capacity: options?.capacity, strategy: "sliding" }), (listener) => {
            listeners.add(listener)
            if (options?.first !== undefined) Queue.offerUnsafe(listener, options.first)
            if (ended) Queue.endUnsafe(listener)
            return listener
          }),
          (listener) => Effect.sync(() => listeners.delete(listener))
        ),
        Stream.fromQueue
      )
    ),
    end: Effect.sync(() => {
      ended = true
      for (const listener of listeners) Queue.endUnsafe(listener)
    })
  }
}
