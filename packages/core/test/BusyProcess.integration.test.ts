/** A process that does something else when the time of a request is over. */
import { GrantKey, RefreshPolicy, TokenStore } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import * as fs from "node:fs"
import * as Custody from "../src/internal/custody.ts"
import { patientServer } from "./support/patientServer.ts"
import { clients, verdict } from "./support/verdict.ts"

// one after the other: each holds up everything else in this process
describe("A busy process", { concurrent: false }, () => {
  it.live("takes what a store has answered when it notices that its time is over", () =>
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

  for (const [name, client] of Object.entries(clients)) {
    it.live(`takes an answer that lies there when it notices that its time is over (${name})`, () =>
      Effect.gen(function*() {
        const server = yield* patientServer
        const exchange = yield* Effect.forkChild(verdict(client, server.url, Duration.seconds(1)))
        while (!server.hasRequest()) yield* Effect.sleep("5 millis")
        // out of the callback of a timer: after that, answers would come first
        yield* Effect.yieldNow

        server.answer(1_050)

        assert.strictEqual(yield* Fiber.join(exchange), "Granted")
      }))
  }
})

const key = GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account: "ada" })
