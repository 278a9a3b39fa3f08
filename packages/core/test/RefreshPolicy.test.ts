import { AuthorizationServer, RefreshPolicy, RotationPolicy, TokenResponse } from "@effect-oauth/core"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Result, Struct } from "effect"
import { TestClock } from "effect/testing"
import * as Sqlite from "./support/sqlite.ts"
import { after, World } from "./support/World.ts"

describe("RefreshPolicy", () => {
  const durations = ["lease", "settle", "sendReserve", "timeLimit", "margin", "waitAtMost", "maxStaleness"] as const
  for (const field of durations) {
    for (
      const value of [Infinity, Duration.infinity, -Infinity, Number.NaN, { seconds: Number.NaN }, "-1 second"] as const
    ) {
      it.effect(`refuses ${String(value)} for ${field}, and names it`, () =>
        Effect.gen(function*() {
          const options = { [field]: value }

          const error = yield* Effect.flip(Layer.build(RefreshPolicy.layer(options)))

          assert.strictEqual(
            error.message,
            `RefreshPolicy.layer: ${field}: must be a duration that is finite and not below zero`
          )
          assert.throws(() => RefreshPolicy.make(options), `RefreshPolicy.make: ${field}: must be`)
        }))
    }
  }

  it("refuses a number that is none", () => {
    assert.throws(() => RefreshPolicy.make({ jitter: Number.NaN }), "RefreshPolicy.make: jitter: must be a number")
    assert.throws(() => RefreshPolicy.make({ usedWithin: Number.NaN }), "RefreshPolicy.make: usedWithin: must be")
  })

  it("takes an infinite usedWithin, and what is left out stays as it was", () => {
    const policy = RefreshPolicy.make({ usedWithin: Infinity, lease: "1 minute", settle: undefined })

    const expected = { usedWithin: Duration.infinity, lease: Duration.minutes(1) }
    assert.deepStrictEqual(policy, Struct.assign(RefreshPolicy.defaults, expected))
  })

  const durationOf = { infinite: Duration.infinity, "infinite below zero": Duration.negativeInfinity }
  for (const [what, duration] of Object.entries(durationOf)) {
    it.effect(`saves a quarantined pair where misconfigured gives an ${what} rest [I2]`, () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { misconfigured: () => duration } })
        const process = yield* world.process({ custody: inSqlite })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")
        world.answers.push(unusable)

        yield* after(process.service.refresh(world.key()), "40 seconds")

        const { grant } = yield* process.store.read(world.key())
        assert.deepStrictEqual([grant?.serial, grant?.state._tag], [2, "Active"])
        assert.isTrue(Number.isFinite(grant?.retryAt))
      }))

    it.effect(`writes what is not known of a renewal where indeterminate gives an ${what} rest`, () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { indeterminate: () => duration } })
        const process = yield* world.process({ custody: inSqlite })
        yield* world.login(process)
        yield* TestClock.adjust("61 minutes")
        world.answers.push("lose")

        yield* after(process.service.refresh(world.key()), "40 seconds")

        const { grant } = yield* process.store.read(world.key())
        assert.strictEqual(grant?.state._tag, "Indeterminate")
        assert.isTrue(Number.isFinite(grant?.retryAt))
      }))
  }
})

describe("RotationPolicy", () => {
  const refused = {
    "rotation.patience": [{ patience: Infinity }, { patience: Number.NaN }, { patience: "-1 second" }],
    "rotation.window.duration": [
      { window: { duration: Duration.infinity, idempotent: true } },
      { window: { duration: Number.NaN, idempotent: false } }
    ]
  } as const
  for (const [field, options] of Object.entries(refused)) {
    for (const [place, rotation] of options.entries()) {
      it(`is refused by AuthorizationServer.make for its ${field} (${place})`, () => {
        const server = AuthorizationServer.make({
          provider: "test",
          tokenEndpoint: "https://as.test/token",
          rotation: RotationPolicy.rotating(rotation)
        })

        assert.deepStrictEqual(
          Result.isFailure(server) && server.failure.reason._tag === "ConfigurationInvalid" &&
            server.failure.reason.field,
          field
        )
      })
    }
  }
})

const inSqlite = Layer.orDie(Layer.provide(SqlTokenStore.layer(), Sqlite.layer()))

// an answer without an access token: its refresh token is quarantined
const unusable = TokenResponse.judge({
  origin: "https://as.test",
  status: 200,
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode(`{"token_type":"Bearer","refresh_token":"refresh-1"}`),
  sentAt: 0
})
