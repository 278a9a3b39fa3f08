import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Ids from "../../src/internal/ids.ts"

/** Random bytes that count up, and how often some were drawn. */
const counting = () => {
  let byte = 0
  const drawn: Array<number> = []
  const random = {
    randomBytes: (size: number) =>
      Effect.sync(() => {
        drawn.push(size)
        return Uint8Array.from({ length: size }, () => byte++)
      })
  }
  return { random, drawn }
}

describe("ids", () => {
  it.effect("are twelve bytes that none has had before", () =>
    Effect.gen(function*() {
      const { random } = counting()
      const id = Ids.make(random, yield* Clock.Clock)

      const ids = yield* Effect.all(Array.from({ length: 20 }, () => id))

      assert.strictEqual(ids[0], "AAECAwQFBgcICQoL")
      assert.strictEqual(ids[1], "DA0ODxAREhMUFRYX")
      assert.strictEqual(new Set(ids).size, 20)
      assert.isTrue(ids.every((each) => each.length === 16))
    }))

  it.effect("are as long as they are asked to be", () =>
    Effect.gen(function*() {
      const { drawn, random } = counting()
      const id = Ids.make(random, yield* Clock.Clock, 24)

      const ids = yield* Effect.all(Array.from({ length: 10 }, () => id))

      assert.strictEqual(ids[0], "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")
      assert.strictEqual(new Set(ids).size, 10)
      assert.deepStrictEqual(drawn, [384])
    }))

  it.effect("are drawn several at a time", () =>
    Effect.gen(function*() {
      const { drawn, random } = counting()
      const id = Ids.make(random, yield* Clock.Clock)

      yield* Effect.all(Array.from({ length: 17 }, () => id))

      assert.deepStrictEqual(drawn, [192, 192])
    }))

  it.effect("are drawn anew after a second: a machine may have been copied meanwhile", () =>
    Effect.gen(function*() {
      const { drawn, random } = counting()
      const id = Ids.make(random, yield* Clock.Clock)

      yield* id
      yield* TestClock.adjust("999 millis")
      yield* id
      assert.strictEqual(drawn.length, 1)
      yield* TestClock.adjust("1 millis")
      yield* id

      assert.strictEqual(drawn.length, 2)
    }))
})
