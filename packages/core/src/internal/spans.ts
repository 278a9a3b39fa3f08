/** Spans of what is done again and again. */
import * as Effect from "effect/Effect"
import type * as Tracer from "effect/Tracer"

/**
 * Runs an effect in a span, where a tracer is there to be told of it. Without one Effect keeps spans that nobody sees,
 * and the contexts about them cost as much as a tenth of a renewal each. Where it was called is not remembered.
 */
export const withSpan = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  name: string,
  options?: Tracer.SpanOptionsNoTrace,
  /** What the span says of what it came to. */
  outcome: (value: A) => Record<string, string> = nothing
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.withFiber(({ cache }) =>
    cache.tracer === undefined
      ? self as Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>>
      : Effect.withSpan(Effect.tap(self, (value) => Effect.annotateCurrentSpan(outcome(value))), name, {
        ...options,
        captureStackTrace: false
      })
  )

const nothing = () => ({})
