import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, type Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Heartbeats from "../../src/internal/heartbeats.ts"
import * as OAuthError from "../../src/OAuthError.ts"
import type { Outcome } from "../../src/TokenStore.ts"

describe("heartbeats", () => {
  it.effect("move a lease a third of it after it was taken, and again a third later", () =>
    Effect.gen(function*() {
      const world = yield* make()
      yield* world.hold(Effect.never)

      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(world.moves, [])
      yield* TestClock.adjust("20001 millis")

      assert.deepStrictEqual(world.moves, [10_000, 20_000, 30_000])
      assert.strictEqual(world.leases[0]?.left(), 30_000)
    }))

  it.effect("are made for each of many claims, whenever they were made", () =>
    Effect.gen(function*() {
      const world = yield* make()
      yield* world.hold(Effect.never)
      yield* TestClock.adjust("1 second")
      yield* world.hold(Effect.never)

      yield* TestClock.adjust("14 seconds")

      // the second at the next look after its third
      assert.deepStrictEqual(world.moves, [10_000, 12_500])
    }))

  it.effect("come again soon after one that failed", () =>
    Effect.gen(function*() {
      const world = yield* make({ answer: Effect.fail(unreachable) })
      yield* world.hold(Effect.never)

      yield* TestClock.adjust("15 seconds")

      assert.deepStrictEqual(world.moves, [10_000, 12_500, 15_000])
      assert.strictEqual(world.leases[0]?.left(), 15_000)
      assert.isFalse(world.leases[0]?.overtaken)
    }))

  it.effect("are not made while one is under way", () =>
    Effect.gen(function*() {
      const world = yield* make({ answer: Effect.never })
      yield* world.hold(Effect.never)

      yield* TestClock.adjust("29 seconds")

      assert.deepStrictEqual(world.moves, [10_000])
    }))

  it.effect("find out that another process has followed", () =>
    Effect.gen(function*() {
      const world = yield* make({ answer: Effect.succeed({ now: 0, accepted: false, grant: undefined }) })
      const fiber = yield* world.hold(Effect.never)

      yield* TestClock.adjust("10 seconds")

      assert.isTrue(world.leases[0]?.overtaken)
      assert.strictEqual(fiber.pollUnsafe(), undefined)
    }))

  it.effect("end with the effect that the lease is kept for, however it ends", () =>
    Effect.gen(function*() {
      const world = yield* make()
      yield* world.hold(Effect.fail("no"))
      const interrupted = yield* world.hold(Effect.never)
      yield* Fiber.interrupt(interrupted)

      yield* TestClock.adjust("1 minute")

      assert.deepStrictEqual(world.moves, [])
    }))

  it.effect("tell nothing that comes after that", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<Outcome>()
      const world = yield* make({ answer: Deferred.await(answer) })
      yield* world.hold(Effect.sleep("11 seconds"))

      yield* TestClock.adjust("11 seconds")
      yield* Deferred.succeed(answer, accepted)
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual(world.heard, [])
    }))

  it.effect("begin again for a claim that comes after all others have ended", () =>
    Effect.gen(function*() {
      const world = yield* make()
      yield* world.hold(Effect.void)
      yield* TestClock.adjust("1 hour")
      yield* world.hold(Effect.never)

      yield* TestClock.adjust("10 seconds")

      assert.deepStrictEqual(world.moves, [3_610_000])
    }))
})

const accepted: Outcome = { now: 0, accepted: true, grant: undefined }

const unreachable = OAuthError.make(
  "TokenStore",
  "extend",
  new OAuthError.StoreUnavailable({ store: "test", problem: "unreachable" })
)

/** Heartbeats of leases of thirty seconds, at a store that answers so; `moves` are the instants of its calls. */
const make = Effect.fnUntraced(function*(
  { answer = Effect.succeed(accepted) }: { readonly answer?: Effect.Effect<Outcome, OAuthError.OAuthError> } = {}
) {
  const clock = yield* Clock.Clock
  const heartbeats = Heartbeats.make(clock, Duration.seconds(30))
  yield* Effect.forkScoped(heartbeats.run, { startImmediately: true })
  const moves: Array<number> = []
  const heard: Array<Outcome> = []
  const leases: Array<Heartbeats.Lease> = []
  return {
    moves,
    heard,
    leases,
    hold: <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Fiber.Fiber<Exit.Exit<A, E>>> =>
      Effect.suspend(() => {
        const lease = new Heartbeats.Lease(clock, 30_000)
        leases.push(lease)
        const during = heartbeats.during(effect, lease, {
          extend: Effect.suspend(() => {
            moves.push(clock.currentTimeMillisUnsafe())
            return answer
          }),
          moved: (outcome) => void heard.push(outcome)
        })
        return Effect.forkDetach(Effect.exit(during), { startImmediately: true })
      })
  }
})
