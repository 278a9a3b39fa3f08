import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as Broadcast from "../../src/internal/broadcast.ts"

describe("broadcast", () => {
  it.effect("tells everyone who listens, from when each began to", () =>
    Effect.gen(function*() {
      const broadcast = Broadcast.make<number>()
      broadcast.tell(1)
      const early = yield* listen(broadcast)
      broadcast.tell(2)
      const late = yield* listen(broadcast)
      broadcast.tell(3)
      yield* broadcast.end

      assert.deepStrictEqual([yield* Fiber.join(early), yield* Fiber.join(late)], [[2, 3], [3]])
    }))

  it.effect("tells what it is told first to each", () =>
    Effect.gen(function*() {
      const broadcast = Broadcast.make<number>({ first: 0 })
      const listener = yield* listen(broadcast)
      broadcast.tell(1)
      yield* broadcast.end

      assert.deepStrictEqual(yield* Fiber.join(listener), [0, 1])
    }))

  it.effect("lets who does not keep up miss the oldest", () =>
    Effect.gen(function*() {
      const broadcast = Broadcast.make<number>({ capacity: 2 })
      const listener = yield* listen(broadcast)
      for (const value of [1, 2, 3, 4]) broadcast.tell(value)
      yield* broadcast.end

      assert.deepStrictEqual(yield* Fiber.join(listener), [3, 4])
    }))

  it.effect("has ended for who begins to listen after its end", () =>
    Effect.gen(function*() {
      const broadcast = Broadcast.make<number>()
      yield* broadcast.end
      const listener = yield* listen(broadcast)

      assert.deepStrictEqual(yield* Fiber.join(listener), [])
    }))
})

const listen = <A>(broadcast: Broadcast.Broadcast<A>) =>
  Effect.forkChild(Stream.runCollect(broadcast.stream), { startImmediately: true })
