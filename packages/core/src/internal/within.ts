/**
 * Waiting for something, and no longer than so long.
 *
 * What comes at once, as it mostly does from memory, costs no timer and no race.
 */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stopwatch from "./stopwatch.ts"

/**
 * Ends when so much time is over. A process that was busy or stopped, or a machine that slept, finds its timers run out
 * before it has looked at what came meanwhile. Whoever is woken looks first, and longer where it was woken late: it may be
 * the only copy of a pair.
 */
export const after = (clock: Clock.Clock, duration: Duration.Duration): Effect.Effect<void> =>
  Effect.suspend(() => {
    const elapsed = Stopwatch.start(clock)
    return Effect.flatMap(
      clock.sleep(duration),
      () => clock.sleep(elapsed() > Duration.toMillis(duration) + punctual ? Duration.millis(late) : Duration.zero)
    )
  })

// a timer of a process that has nothing else to do is later than this by chance only
const punctual = 100

const late = 1_000

/** Whether an effect is a value that is there already. */
export const isValue = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Success<A> =>
  Exit.isExit(effect) && Exit.isSuccess(effect)

/** What an effect comes to, or what is instead once the limit is over. It ends with whoever waits. */
export const within = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> =>
  isValue(effect)
    ? effect
    : Effect.withFiber(({ context }) => withinContext(context, effect, limit, orElse))

/** The same for an effect that runs in a context of its own. */
export const withinContext = <A, E, R, B, E2>(
  context: Context.Context<R>,
  effect: Effect.Effect<A, E, R>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>
): Effect.Effect<A | B, E | E2> => first(context, { effect, limit, orElse, then: identity, end: Fiber.await })

/**
 * The same for an effect that may not listen to an interruption: it is left behind then. `then` is told how it ended,
 * with a defect too.
 */
export const withinDetached = <A, E, B, E2, C, E3>(
  effect: Effect.Effect<A, E>,
  limit: Effect.Effect<void>,
  orElse: () => Effect.Effect<B, E2>,
  then: (exit: Exit.Exit<A, E>) => Effect.Effect<C, E3>
): Effect.Effect<B | C, E2 | E3> =>
  Effect.withFiber(({ context }) => first(context, { effect, limit, orElse, then, end: () => Effect.void }))

// The effect begins where it is waited for, so that nobody can be interrupted in between and leave it behind.
const first = <A, E, R, B, E2, C, E3>(context: Context.Context<R>, { effect, end, limit, orElse, then }: {
  readonly effect: Effect.Effect<A, E, R>
  readonly limit: Effect.Effect<void>
  readonly orElse: () => Effect.Effect<B, E2>
  readonly then: (exit: Exit.Exit<A, E>) => Effect.Effect<C, E3>
  /** Told of an effect that was interrupted along with whoever waited. */
  readonly end: (fiber: Fiber.Fiber<A, E>) => Effect.Effect<unknown>
}): Effect.Effect<B | C, E2 | E3> =>
  Effect.callback((resume) => {
    const run = Effect.runForkWith(context)
    const fiber = run(effect)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return resume(then(exit))
    const timer = run(limit)
    fiber.addObserver((exit) => {
      timer.interruptUnsafe()
      resume(then(exit))
    })
    timer.addObserver((exit) => {
      if (exit._tag === "Failure") return
      resume(Effect.suspend(orElse))
      fiber.interruptUnsafe()
    })
    return Effect.suspend(() => {
      timer.interruptUnsafe()
      fiber.interruptUnsafe()
      return Effect.asVoid(end(fiber))
    })
  })

const identity = <A, E>(exit: Exit.Exit<A, E>): Effect.Effect<A, E> => exit
