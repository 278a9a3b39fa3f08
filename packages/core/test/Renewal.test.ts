/** What a renewal asks for, sends and keeps, with a server that checks. */
import { OAuthError, RotationPolicy, Target, TokenService } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"

describe("a renewal", () => {
  it.effect("puts the new refresh token in the place of the old one, which is not presented again [6749-6-d] [10017-6.3.2.3-a] [2.1-4.3.2-a] [9700-2.2.2-a]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService

      for (let i = 0; i < 5; i++) {
        yield* TestClock.adjust("1 hour")
        yield* Effect.all(Array.from({ length: 20 }, () => service.token(key)), { concurrency: "unbounded" })
      }

      const presented = yield* presentedTokens
      assert.lengthOf(presented, 5)
      assert.strictEqual(new Set(presented).size, 5)
    }).pipe(Effect.provide(App.layer({ rotation: RotationPolicy.rotating() }))))

  it.effect("keeps the refresh token that the answer does not replace [6749-6-e]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService

      for (let i = 0; i < 3; i++) {
        yield* TestClock.adjust("1 hour")
        yield* service.token(key)
      }

      const presented = yield* presentedTokens
      assert.lengthOf(presented, 3)
      assert.strictEqual(new Set(presented).size, 1)
    }).pipe(Effect.provide(App.layer({ rotation: RotationPolicy.fixed }))))

  it.effect("asks for no scope, and the grant's stays as it was [6749-6-f] [2.1-7.3.2-a]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      yield* TestClock.adjust("1 hour")

      yield* service.token(key)

      const renewal = (yield* renewals)[0]
      assert.notProperty(renewal?.parameters, "scope")
      assert.deepStrictEqual(Option.getOrThrow(yield* service.status(key)).scopes, ["read"])
    }).pipe(Effect.provide(App.layer({ answers: { scope: "never" } }))))

  for (const scopes of [["read", "admin"], ["admin"], ["READ"]]) {
    it.effect(`does not ask for ${scopes.join(" ")} of a grant for read [6749-6-b] [2.1-4.3.1-a]`, () =>
      Effect.gen(function*() {
        const key = yield* App.login()
        const service = yield* TokenService.TokenService

        const error = yield* Effect.flip(service.token(key, Target.make({ scopes })))

        assert.deepStrictEqual(
          error.reason,
          new OAuthError.ConfigurationInvalid({
            field: "target.scopes",
            problem: "name a scope that was not granted; log in again to ask for more (RFC 6749, section 6)"
          })
        )
        assert.deepStrictEqual(yield* renewals, [])
        assert.strictEqual(Option.getOrThrow(yield* service.status(key)).state._tag, "Active")
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("may ask for less than was granted, and hands out no wider token that is at hand [10017-6.2.2.3-a]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const wide = yield* service.token(key)

      const narrow = yield* service.token(key, Target.make({ scopes: ["read"] }))

      assert.strictEqual((yield* renewals)[0]?.parameters["scope"], "read")
      assert.notStrictEqual(Redacted.value(narrow.value), Redacted.value(wide.value))
    }).pipe(Effect.provide(App.layer())))

  it.effect("that the server refuses ends the grant, without another try [9700-4.14.2-a] [6749-5.2-a]", () =>
    Effect.gen(function*() {
      const key = yield* App.login()
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const [family] = yield* server.families
      yield* server.revoke(family?.refreshToken ?? Redacted.make(""))
      yield* TestClock.adjust("1 hour")

      const errors = yield* Effect.forEach([1, 2, 3], () => Effect.flip(service.token(key)))

      assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), [
        "ReauthorizationRequired",
        "ReauthorizationRequired",
        "ReauthorizationRequired"
      ])
      assert.lengthOf(yield* renewals, 1)
    }).pipe(Effect.provide(App.layer())))
})

const renewals = Effect.gen(function*() {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  return (yield* server.exchanges).filter(({ parameters }) => parameters["grant_type"] === "refresh_token")
})

const presentedTokens = Effect.map(renewals, (sent) => sent.map(({ parameters }) => parameters["refresh_token"]))
