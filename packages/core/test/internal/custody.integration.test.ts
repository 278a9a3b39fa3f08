import { GrantKey, RefreshPolicy, RotationPolicy, TokenStore } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as Custody from "../../src/internal/custody.ts"

const key = GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account: "ada" })

// one after the other: each keeps its process busy
describe("custody", { concurrent: false }, () => {
  for (
    const [what, parts, millis] of [["has answered", 1, 1_050], [
      "is about to answer, part by part,",
      20,
      1_300
    ]] as const
  ) {
    it.live(`takes what the store of a busy process ${what} when it notices that its time is over`, () =>
      Effect.gen(function*() {
        const memory = yield* TokenStore.makeMemory
        const part = Effect.promise(() => fs.promises.stat(import.meta.filename))
        const store = TokenStore.TokenStore.of({
          ...memory,
          read: (key) => Effect.andThen(Effect.all(Array.from({ length: parts }, () => part)), memory.read(key))
        })
        const custody = Custody.make(
          store,
          {
            policy: RefreshPolicy.make({ storeTimeLimit: "1 second" }),
            rotation: RotationPolicy.unknown,
            patience: Duration.zero
          },
          () => {}
        )
        const reading = yield* Effect.forkChild(custody.read(key), { startImmediately: true })
        // out of the callback of a timer: after that, answers would come first
        yield* Effect.yieldNow

        const until = performance.now() + millis
        while (performance.now() < until);

        assert.isUndefined((yield* Fiber.join(reading)).grant)
      }))
  }
})
