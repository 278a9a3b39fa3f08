/**
 * Waiting for something, and no longer than so long.
 *
 * What comes at once, as it mostly does from memory, costs no timer and no race.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Limits from "./limits.ts"

/** Whether an effect is a value that is there already. */
export const isValue = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)

/** What an effect comes to, or what is instead once the limit is over. It ends with whoever waits. */
export const within = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  millis: number,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  isValue(effect)
    ? effect
    : Effect.withFiber(({ context }) => withinContext(context, effect, Limits.of(context, millis), orElse))

/** The same for an effect that runs in a context of its own. */
export const withinContext = <A, E, R, B, E2>(
  context: Context.Context<R>,
  effect: Effect.Effect<A, E, R>,
  limit: Limits.Limit,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> => first(context, { effect, limit, orElse, then: identity, end: Fiber.await })

/**
 * The same for an effect that may not listen to an interruption: it is left behind then. `then` is told how it ended,
 * with a defect too.
 */
export const withinDetached = <A, E, B, E2, C, E3>(
  effect: Effect.Effect<A, E>,
  millis: number,
  orElse: () => Effect.Effect<B, E2>,
  then: (exit: Exit.Exit<A, E>) => Effect.Effect<C, E3>
): Effect.Effect<B | C, E2 | E3> =>
  Effect.withFiber(({ context }) =>
    first(context, { effect, limit: Limits.of(context, millis), orElse, then, end: () => Effect.void })
  )

// The effect begins where it is waited for, so that nobody can be interrupted in between and leave it behind.
const first = <A, E, R, B, E2, C, E3>(context: Context.Context<R>, { effect, end, limit, orElse, then }: {
  readonly effect: Effect.Effect<A, E, R>
  readonly limit: Limits.Limit
  readonly orElse: () => Effect.Effect<B, E2>
  readonly then: (exit: Exit.Exit<A, E>) => Effect.Effect<C, E3>
  /** Told of an effect that was interrupted along with whoever waited. */
  readonly end: (fiber: Fiber.Fiber<A, E>) => Effect.Effect<unknown>
}): Effect.Effect<B | C, E2 | E3> =>
  Effect.callback((resume) => {
    const fiber = Effect.runForkWith(context)(effect)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return resume(then(exit))
    const endLimit = limit(() => {
      resume(Effect.suspend(orElse))
      fiber.interruptUnsafe()
    })
    fiber.addObserver((exit) => {
      endLimit()
      resume(then(exit))
    })
    return Effect.suspend(() => {
      endLimit()
      fiber.interruptUnsafe()
      return Effect.asVoid(end(fiber))
    })
  })

const identity = <A, E>(exit: Exit.Exit<A, E>): Effect.Effect<A, E> => exit
