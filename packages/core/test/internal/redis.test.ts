import { assert, describe, it } from "@effect/vitest"
import { Redis } from "effect/persistence"
import * as Shared from "../../src/internal/redis.ts"
import * as Settings from "../../src/internal/redisSettings.ts"
import { canary, leaks } from "../support/secrets.ts"

describe("internal/redis", () => {
  describe("reason", () => {
    const causes: ReadonlyArray<readonly [cause: unknown, problem: string]> = [
      [Object.assign(new Error(`connect ECONNREFUSED ${canary}`), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
      [new Error(`OOM command not allowed ${canary}`), "OOM"],
      [new Error(`ERR unknown command '${canary}', with args beginning with: '${canary}'`), "ERR"],
      [new Error(`NOPERM this user has no permissions to run ${canary}`), "NOPERM"],
      [new RangeError(`Socket closed ${canary}`), "RangeError"],
      [Object.assign(new Error(canary), { code: canary }), "Error"],
      [canary, "unknown"],
      [undefined, "unknown"]
    ]
    for (const [cause, problem] of causes) {
      it(`is called ${problem}`, () => {
        const reason = Shared.reason(new Redis.RedisError({ cause }))

        assert.deepInclude(reason, { _tag: "StoreUnavailable", problem })
        assert.deepStrictEqual(leaks(reason), [])
      })
    }
  })
})

describe("internal/redisSettings", () => {
  it("finds nothing wrong with a Redis that keeps what it is given", () => {
    assert.deepStrictEqual(Settings.problems("# Memory\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n"), [])
  })

  it("finds eviction, and a Redis that keeps nothing", () => {
    const problems = Settings.problems("maxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n")

    assert.lengthOf(problems, 2)
    assert.include(problems[0], "allkeys-lru")
  })

  it("finds nothing where it is told nothing", () => {
    assert.deepStrictEqual(Settings.problems(""), [])
  })
})
