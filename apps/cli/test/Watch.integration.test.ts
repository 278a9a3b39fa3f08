import { assert, describe } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { onMachine } from "./support/process.ts"

describe("effect-oauth status --watch", () => {
  onMachine(
    "shows a renewal as it happens, an object a line, until it is interrupted",
    function*({ loggedIn, start, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      const watching = yield* start(["status", "--watch", "--json"])
      let seen = ""
      watching.process.stdout?.on("data", (chunk) => seen += chunk)
      const serials = () => lines(seen).map(({ grants: [grant] }) => grant.serial)

      yield* until(() => serials().includes(1))
      yield* run(["refresh", ...flags])
      yield* until(() => serials().includes(2))
      watching.process.kill("SIGINT")
      const { exitCode } = yield* watching.ended

      assert.strictEqual(exitCode, 130)
      assert.deepStrictEqual(serials(), serials().toSorted((a, b) => a - b))
    }
  )
})

const lines = (text: string): ReadonlyArray<{ readonly grants: readonly [{ readonly serial: number }] }> =>
  text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.repeat(Effect.sync(condition), { until: (met) => met, schedule: Schedule.spaced("100 millis") }).pipe(
    Effect.timeout("30 seconds"),
    Effect.orDie,
    Effect.asVoid
  )
