import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Server from "../../src/internal/loopbackServer.ts"

// an address for documentation (RFC 5737), which no machine has
const absent = "192.0.2.1"

describe("loopbackServer", () => {
  it.effect("does without a family that the machine lacks", () =>
    Effect.gen(function*() {
      const port = yield* Server.listen([absent, Server.ipv6], 0, () => undefined)

      assert.isAbove(port, 0)
    }))

  it.effect("is known by the first family that the machine has [8252-7.3-b] [2.1-8.4.2-b]", () =>
    Effect.gen(function*() {
      const choices = [
        { as: "first", addresses: [absent] },
        { as: "second", addresses: [Server.ipv6] },
        { as: "third", addresses: [Server.ipv4] }
      ] as const

      const { as } = yield* Server.listenAsFirst(choices, 0, () => undefined)

      assert.strictEqual(as, "second")
    }))

  it.effect("fails when the machine has none of the addresses", () =>
    Effect.gen(function*() {
      const alone = yield* Effect.flip(Server.listen([absent], 0, () => undefined))
      const both = yield* Effect.flip(Server.listen([absent, absent], 0, () => undefined))

      assert.isTrue(Server.isAbsent(alone))
      assert.isTrue(Server.isAbsent(both))
    }))
})
