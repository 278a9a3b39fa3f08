import { RedisPendingAuthorizations } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Redis } from "effect/persistence"

describe("RedisPendingAuthorizations", () => {
  describe("forget", () => {
    it.effect("follows the pages of a scan to the last", () =>
      Effect.gen(function*() {
        const { asked, forgotten } = yield* scanning((cursor) => cursor === "0" ? "17" : cursor === "17" ? "5" : "0")

        assert.strictEqual(forgotten, 0)
        assert.deepStrictEqual(asked, ["0", "17", "5"])
      }))

    it.effect("refuses a scan that comes back to where it was", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(scanning((cursor) => cursor === "17" ? "5" : "17"))

        assert.strictEqual(error.reason._tag, "RecordInvalid")
      }))

    it.effect("refuses a scan without an end", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(scanning((cursor) => String(Number(cursor) + 1)))

        assert.strictEqual(error.reason._tag, "RecordInvalid")
      }))
  })
})

/** Forgets an account where the next cursor is the server's, and tells which cursors were asked for. */
const scanning = Effect.fnUntraced(function*(next: (cursor: string) => string) {
  const asked: Array<string> = []
  const send = (command: string, cursor: string) =>
    Effect.sync(() => {
      assert.strictEqual(command, "SCAN")
      if (asked.push(cursor) > 1_000_000) assert.fail("goes on for ever")
      return [next(cursor), []]
    })
  // nothing else of Redis is used
  const redis = { send } as unknown as Redis.Redis["Service"]
  const service = yield* Effect.provideService(RedisPendingAuthorizations.make(), Redis.Redis, redis)
  const forgotten = yield* service.forget("ada")
  return { asked, forgotten }
})
