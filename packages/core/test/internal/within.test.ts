import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { within, withinDetached } from "../../src/internal/within.ts"

const instead = () => Effect.succeed("instead")

type Within = <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A | string, E>

const bounded: Within = (effect) => within(effect, 5_000, instead)

const detached: Within = (effect) => withinDetached(effect, 5_000, instead, (exit) => exit)

describe("within", () => {
  for (const [name, wait] of Object.entries({ within: bounded, withinDetached: detached })) {
    describe(name, () => {
      it.effect("gives what comes at once", () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* wait(Effect.succeed("now")), "now")
        }))

      it.effect("fails as what comes at once does", () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* Effect.flip(wait(Effect.fail("no"))), "no")
        }))

      it.effect("gives what comes before the limit", () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(wait(Effect.delay(Effect.succeed("late"), "4 seconds")))

          yield* TestClock.adjust("4 seconds")

          assert.strictEqual(yield* Fiber.join(fiber), "late")
        }))

      it.effect("gives what is instead, at the limit", () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(wait(Effect.never))

          yield* TestClock.adjust("4999 millis")
          assert.strictEqual(fiber.pollUnsafe(), undefined)
          yield* TestClock.adjust("1 millis")

          assert.strictEqual(yield* Fiber.join(fiber), "instead")
        }))

      it.effect("ends what it waits for when it is interrupted", () =>
        Effect.gen(function*() {
          const ended = yield* Deferred.make<void>()
          const endless = Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
          const fiber = yield* Effect.forkChild(wait(endless), { startImmediately: true })

          const exit = yield* Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))

          assert.isTrue(Exit.isFailure(exit))
          yield* Deferred.await(ended)
        }))
    })
  }

  describe("within", () => {
    it.effect("waits for the end of what is interrupted with it", () =>
      Effect.gen(function*() {
        const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep("1 second"))
        const fiber = yield* Effect.forkChild(bounded(slow), { startImmediately: true })

        fiber.interruptUnsafe()

        assert.strictEqual(fiber.pollUnsafe(), undefined)
        yield* TestClock.adjust("1 second")
        assert.isDefined(fiber.pollUnsafe())
      }))

    it.effect("ends what begins while whoever waits is interrupted", () =>
      Effect.gen(function*() {
        let ended = false
        const endless = Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended = true))
        const fiber = yield* Effect.forkChild(
          Effect.withFiber((self) => {
            const begins = Effect.andThen(Effect.sync(() => self.interruptUnsafe()), endless)
            return bounded(begins)
          }),
          { startImmediately: true }
        )

        yield* Fiber.await(fiber)

        assert.isTrue(ended)
      }))
  })

  describe("withinDetached", () => {
    it.effect("leaves behind what does not listen to its interruption", () =>
      Effect.gen(function*() {
        const deaf = Effect.uninterruptible(Effect.sleep("1 hour"))
        const fiber = yield* Effect.forkChild(detached(deaf))

        yield* TestClock.adjust("5 seconds")

        assert.strictEqual(yield* Fiber.join(fiber), "instead")
      }))
  })
})
