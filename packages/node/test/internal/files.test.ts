import { OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Files from "../../src/internal/files.ts"

describe("files", () => {
  describe("on Windows", () => {
    for (const code of ["EPERM", "EACCES", "EBUSY"]) {
      it.effect(`what is refused by ${code} is tried again, for about a second`, () =>
        Effect.gen(function*() {
          const { tries, write } = failing(code, 3)

          const fiber = yield* Effect.forkChild(Files.whileOthersRead(write, true))
          yield* TestClock.adjust("2 seconds")

          assert.strictEqual(yield* Fiber.join(fiber), "written")
          assert.strictEqual(tries(), 4)
        }))
    }

    it.effect("what stays refused is told", () =>
      Effect.gen(function*() {
        const { tries, write } = failing("EPERM", 100)

        const fiber = yield* Effect.forkChild(Effect.flip(Files.whileOthersRead(write, true)))
        yield* TestClock.adjust("2 seconds")

        assert.strictEqual((yield* Fiber.join(fiber)).problem, "EPERM")
        assert.strictEqual(tries(), 8)
      }))

    it.effect("a full disk is told at once", () =>
      Effect.gen(function*() {
        const { tries, write } = failing("ENOSPC", 1)

        assert.strictEqual((yield* Effect.flip(Files.whileOthersRead(write, true))).problem, "ENOSPC")
        assert.strictEqual(tries(), 1)
      }))
  })

  it.effect("elsewhere what is refused is told at once", () =>
    Effect.gen(function*() {
      const { tries, write } = failing("EPERM", 1)

      yield* Effect.flip(Files.whileOthersRead(write, false))

      assert.strictEqual(tries(), 1)
    }))
})

const failing = (problem: string, times: number) => {
  let tries = 0
  const write = Effect.suspend(() =>
    ++tries <= times
      ? Effect.fail(new OAuthError.StoreUnavailable({ store: "file", problem }))
      : Effect.succeed("written")
  )
  return { write, tries: () => tries }
}
