/** A process that does something else when the time of a request is over. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { patientServer } from "./support/patientServer.ts"
import { until } from "./support/until.ts"
import { clients, verdict } from "./support/verdict.ts"

// one after the other: each holds up everything else in this process
describe("A busy process", { concurrent: false }, () => {
  for (const [name, client] of Object.entries(clients)) {
    it.live(`takes an answer that lies there when it notices that its time is over (${name})`, () =>
      Effect.gen(function*() {
        const server = yield* patientServer
        const exchange = yield* Effect.forkChild(verdict(client, server.url, Duration.seconds(2)))
        yield* until(server.hasRequest)
        // out of the callback of a timer: after that, answers would come first
        yield* Effect.yieldNow

        server.answer(2_050)

        assert.strictEqual(yield* Fiber.join(exchange), "Granted")
      }))
  }
})
