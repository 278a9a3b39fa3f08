import * as GrantStore from "@effect-oauth/cli/sandbox/GrantStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"

describe("GrantStore", () => {
  it.effect("keeps an entry for its time, to the millisecond", () =>
    Effect.gen(function*() {
      const store = yield* GrantStore.make
      yield* TestClock.setTime(Date.UTC(2030, 0, 1) + 999)
      yield* upsert(store, "AccessToken", "a", {}, 2)

      yield* TestClock.adjust("1999 millis")
      const before = store.read("AccessToken", "a")
      yield* TestClock.adjust("1 millis")
      const after = store.read("AccessToken", "a")

      assert.isDefined(before)
      assert.isUndefined(after)
    }))

  it.effect("forgets nothing that lives, however much is written", () =>
    Effect.gen(function*() {
      const store = yield* GrantStore.make
      yield* upsert(store, "RefreshToken", "first", { grantId: "g" }, 3600)

      for (let index = 0; index < 10_000; index++) {
        yield* upsert(store, "RefreshToken", String(index), { grantId: String(index) }, 3600)
      }

      assert.isDefined(store.read("RefreshToken", "first"))
      assert.isDefined(store.read("RefreshToken", "0"))
    }))

  it.effect("ends all tokens of a grant, and those of no other", () =>
    Effect.gen(function*() {
      const store = yield* GrantStore.make
      yield* upsert(store, "AccessToken", "a", { grantId: "one" }, 60)
      yield* upsert(store, "RefreshToken", "r", { grantId: "one" }, 60)
      yield* upsert(store, "RefreshToken", "other", { grantId: "two" }, 60)

      yield* Effect.promise(() => store.adapter("RefreshToken").revokeByGrantId("one"))

      assert.isUndefined(store.read("AccessToken", "a"))
      assert.isUndefined(store.read("RefreshToken", "r"))
      assert.isDefined(store.read("RefreshToken", "other"))
    }))

  it.effect("keeps a spent token, so that it is known when it comes again", () =>
    Effect.gen(function*() {
      const store = yield* GrantStore.make
      yield* upsert(store, "RefreshToken", "r", { grantId: "one" }, 60)

      yield* Effect.promise(() => store.adapter("RefreshToken").consume("r"))

      assert.isDefined(store.read("RefreshToken", "r")?.consumed)
    }))

  it.effect("finds a device code by what the person types, until it is gone", () =>
    Effect.gen(function*() {
      const store = yield* GrantStore.make
      const adapter = store.adapter("DeviceCode")
      yield* upsert(store, "DeviceCode", "d", { userCode: "123456" }, 60)

      const found = yield* Effect.promise(() => adapter.findByUserCode("123456"))
      yield* TestClock.adjust("1 minute")
      const gone = yield* Effect.promise(() => adapter.findByUserCode("123456"))

      assert.deepInclude(found, { userCode: "123456" })
      assert.isUndefined(gone)
    }))
})

const upsert = (
  store: GrantStore.GrantStore,
  model: string,
  id: string,
  payload: Record<string, string>,
  expiresIn: number
) => Effect.promise(() => store.adapter(model).upsert(id, payload, expiresIn))
