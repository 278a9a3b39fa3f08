/**
 * Waiting for something, and no longer than so long.
 *
 * What comes at once, as it mostly does from memory, costs no timer and no race.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

/** What an effect comes to, or what is instead once the limit is over. It ends with whoever waits. */
export const within = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  Exit.isExit(effect) ? effect : Effect.flatMap(
    Effect.forkChild(effect, { startImmediately: true }),
    (fiber) => fiber.pollUnsafe() ?? first(fiber, limit, orElse)
  )

/** The same for an effect that may not listen to an interruption: it is left behind then. */
export const withinDetached = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  Effect.flatMap(
    Effect.forkDetach(effect, { startImmediately: true }),
    (fiber) => fiber.pollUnsafe() ?? first(fiber, limit, orElse)
  )

const first = <A, E, B, E2>(
  fiber: Fiber.Fiber<A, E>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  Effect.flatMap(
    Effect.forkChild(limit, { startImmediately: true }),
    (timer) =>
      Effect.callback<A | B, E | E2>((resume) => {
        fiber.addObserver((exit) => {
          timer.interruptUnsafe()
          resume(exit)
        })
        timer.addObserver((exit) => {
          if (exit._tag === "Failure") return
          resume(Effect.suspend(orElse))
          fiber.interruptUnsafe()
        })
        return Effect.sync(() => {
          timer.interruptUnsafe()
          fiber.interruptUnsafe()
        })
      })
  )
