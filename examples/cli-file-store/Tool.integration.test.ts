import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Session from "./Session.ts"

describe("cli-file-store", () => {
  it.live(
    "keeps a login from one process to the next, renews it once for several, and revokes it",
    () =>
      Effect.gen(function*() {
        const { run, sandbox } = yield* Session.open

        const before = yield* run("whoami")
        const login = yield* run("login")
        // the token of the login ends, and the next one stays
        yield* sandbox.configure({ accessToken: "1 hour" })
        yield* Effect.sleep("2 seconds")
        const atOnce = yield* Effect.all([run("whoami"), run("whoami"), run("whoami")], { concurrency: "unbounded" })
        const logout = yield* run("logout")
        const after = yield* run("whoami")

        assert.deepStrictEqual([before, login], ["You are not logged in.", "You are logged in."])
        assert.deepStrictEqual(atOnce, ["You are Ada Sandbox.", "You are Ada Sandbox.", "You are Ada Sandbox."])
        assert.deepStrictEqual([logout, after], ["You are logged out.", "You are not logged in."])
        assert.strictEqual((yield* sandbox.ledger.counts).refreshes, 1)
      }).pipe(Effect.scoped),
    300_000
  )
})
