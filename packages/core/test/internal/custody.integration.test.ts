import { GrantKey, RefreshPolicy, TokenStore } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as Custody from "../../src/internal/custody.ts"

const key = GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account: "ada" })

describe("custody", () => {
  it.live("takes what the store of a busy process has answered when it notices that its time is over", () =>
    Effect.gen(function*() {
      const memory = yield* TokenStore.makeMemory
      const store = TokenStore.TokenStore.of({
        ...memory,
        read: (key) => Effect.andThen(Effect.promise(() => fs.promises.stat(import.meta.filename)), memory.read(key))
      })
      const custody = Custody.make(store, RefreshPolicy.make({ storeTimeLimit: "1 second" }), () => {})
      const reading = yield* Effect.forkChild(custody.read(key), { startImmediately: true })
      // out of the callback of a timer: after that, answers would come first
      yield* Effect.yieldNow

      const until = performance.now() + 1_050
      while (performance.now() < until);

      assert.isUndefined((yield* Fiber.join(reading)).grant)
    }))
})
