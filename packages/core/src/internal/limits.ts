/**
 * Limits of time: whatever a service waits for, one fiber of it sleeps until the first limit of all is over. What ends
 * before, as nearly all does, has begun no fiber and interrupts none.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stopwatch from "./stopwatch.ts"

/** Begins a limit, and gives what ends it. Who is told that it is over is told once, and not after its end. */
export type Limit = (over: () => void) => () => void

/** Makes limits of so many milliseconds, for a fiber with this context. */
type Limits = (millis: number, context: Context.Context<never>) => Limit

/** The limits of the service that a fiber belongs to. Where there is none, each has a fiber of its own. */
const Limits = /* @__PURE__ */ Context.Reference<Limits>("@effect-oauth/core/internal/Limits", {
  defaultValue: (): Limits => (millis, context) => (over) => {
    const timer = Effect.runForkWith(context)(Effect.map(after(context, millis), over))
    return () => timer.interruptUnsafe()
  }
})

/** A limit of so many milliseconds, for a fiber with this context. */
export const of = (context: Context.Context<never>, millis: number): Limit =>
  Context.get(context, Limits)(millis, context)

/** The context of a service's fibers: until its scope is closed all their limits are kept by one. */
export const make: Effect.Effect<Context.Context<never>, never, Scope.Scope> = /* @__PURE__ */ Effect.contextWith(
  (context: Context.Context<Scope.Scope>) => {
    const pending = new Map<() => void, number>()
    const elapsed = Stopwatch.startMonotonic(Context.get(context, Clock.Clock))
    // when who sleeps wakes up
    let wakesAt = Number.POSITIVE_INFINITY
    let sleeper: Fiber.Fiber<void> | undefined

    const sleep = Effect.whileLoop({
      while: () => {
        wakesAt = Number.POSITIVE_INFINITY
        if (pending.size === 0) return false
        // a process has nothing to wait for once all have ended: it is not held up for what is left of the longest
        wakesAt = elapsed() + longest
        for (const at of pending.values()) wakesAt = Math.min(wakesAt, at)
        return true
      },
      body: () => after(context, Math.max(0, wakesAt - elapsed())),
      step: () => {
        for (const [over, at] of pending) if (at <= wakesAt && pending.delete(over)) over()
      }
    })
    const stop = (): void => {
      sleeper?.interruptUnsafe()
      // what still goes on after a service has its limits too
      wakesAt = Number.POSITIVE_INFINITY
    }
    const limits: Limits = (millis) => (told) => {
      // who begins two begins two
      const over = () => told()
      const at = elapsed() + millis
      pending.set(over, at)
      if (at < wakesAt) {
        stop()
        sleeper = Effect.runForkWith(context)(sleep)
      }
      return () => pending.delete(over)
    }
    return Effect.as(Effect.addFinalizer(() => Effect.sync(stop)), Context.add(context, Limits, limits))
  }
)

// Ends when so much time is over. A process that was busy or stopped, or a machine that slept, finds its timers run out
// before it has looked at what came meanwhile. Whoever is woken looks first, and longer where it was woken late: it may be
// the only copy of a pair.
const after = (context: Context.Context<never>, millis: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const clock = Context.get(context, Clock.Clock)
    const elapsed = Stopwatch.start(clock)
    return Effect.flatMap(
      clock.sleep(Duration.millis(millis)),
      () => clock.sleep(elapsed() > millis + punctual ? Duration.millis(late) : Duration.zero)
    )
  })

const longest = 1_000

// a timer of a process that has nothing else to do is later than this by chance only
const punctual = 100

const late = 1_000
