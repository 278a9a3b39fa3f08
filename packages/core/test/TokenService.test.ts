import {
  AuthorizationServer,
  ClientAuthentication,
  OAuthError,
  RefreshPolicy,
  Revocation,
  RotationPolicy,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import type { GrantEvent, TokenRequest, TokenResponse, TokenSet } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Exit, Fiber, Layer, Redacted, Result, Stream } from "effect"
import { TestClock } from "effect/testing"

describe("TokenService", () => {
  describe("token", () => {
    it.effect("returns the token of a login until it is due", () =>
      World.run(function*(world) {
        yield* world.login()

        const token = yield* world.service.token(world.key)

        assert.strictEqual(Redacted.value(token.value), "access-0")
        assert.strictEqual(world.presented.length, 0)
      }))

    it.effect("fails with ReauthorizationRequired where there is no grant", () =>
      World.run(function*(world) {
        const error = yield* Effect.flip(world.service.token(world.key))

        assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      }))

    it.effect("renews an ended token once for everyone who waits [I5]", () =>
      World.run(function*(world) {
        yield* world.login()
        yield* TestClock.adjust("1 hour")

        const fiber = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 50 }, () => world.service.token(world.key)), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("1 second")
        const tokens = yield* Fiber.join(fiber)

        assert.strictEqual(world.presented.length, 1)
        assert.isTrue(tokens.every((token) => Redacted.value(token.value) === "access-1"))
      }))

    it.effect("returns a due token at once and renews it meanwhile", () =>
      World.run(function*(world) {
        yield* world.login()
        yield* TestClock.adjust(Duration.minutes(59.9))

        const before = yield* world.service.token(world.key)
        yield* TestClock.adjust("1 second")
        const after = yield* world.service.token(world.key)

        assert.strictEqual(Redacted.value(before.value), "access-0")
        assert.strictEqual(Redacted.value(after.value), "access-1")
        assert.strictEqual(world.presented.length, 1)
      }))

    it.effect("goes on renewing when every caller is interrupted [I4]", () =>
      World.run(function*(world) {
        yield* world.login()
        yield* TestClock.adjust("1 hour")

        const fiber = yield* Effect.forkChild(world.service.token(world.key))
        yield* TestClock.adjust("10 millis")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 second")
        const token = yield* world.service.token(world.key)

        assert.strictEqual(Redacted.value(token.value), "access-1")
        assert.strictEqual(world.presented.length, 1)
      }))
  })
})

// A token endpoint that rotates, and answers as it is told to.
const World = {
  run: <A, E>(
    body: (world: World) => Generator<Effect.Effect<unknown, E>, A>,
    options?: { readonly rotation?: RotationPolicy.RotationPolicy; readonly policy?: RefreshPolicy.Options }
  ) => Effect.scoped(Effect.flatMap(make(options), (world) => Effect.gen(() => body(world))))
}

interface World {
  readonly service: TokenService.TokenService["Service"]
  readonly key: ReturnType<TokenService.TokenService["Service"]["key"]>
  readonly presented: Array<string>
  readonly login: () => Effect.Effect<void, OAuthError.OAuthError>
}

const make = Effect.fnUntraced(function*(
  options?: { readonly rotation?: RotationPolicy.RotationPolicy; readonly policy?: RefreshPolicy.Options }
) {
  yield* TestClock.setTime(Date.UTC(2030, 0, 1))
  const presented: Array<string> = []
  let serial = 0
  const tokens = (receivedAt: number): TokenSet.TokenSet => ({
    accessToken: Redacted.make(`access-${serial}`),
    refreshToken: Redacted.make(`refresh-${serial}`),
    tokenType: "Bearer",
    receivedAt,
    expiresIn: Duration.hours(1)
  })
  const exchange = (request: TokenRequest.TokenRequest): Effect.Effect<TokenResponse.Judgement> =>
    Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const [, value] = request.parameters[0]!
      presented.push(Redacted.isRedacted(value) ? String(Redacted.value(value)) : value)
      yield* Effect.sleep("200 millis")
      serial++
      return { _tag: "Granted", tokens: tokens(now) }
    })
  const server = Result.getOrThrow(AuthorizationServer.make({
    provider: "test",
    tokenEndpoint: "https://as.test/token",
    rotation: options?.rotation ?? RotationPolicy.rotating()
  }))
  const layer = TokenService.layer().pipe(
    Layer.provide([
      TokenStore.layerMemory,
      Layer.succeed(AuthorizationServer.AuthorizationServer, server),
      ClientAuthentication.layerNone({ clientId: "client" }),
      Layer.succeed(TokenEndpoint.TokenEndpoint, { exchange, request: () => Effect.die("not asked for") }),
      Layer.succeed(Revocation.Revocation, { revoke: () => Effect.succeed("done") }),
      RefreshPolicy.layer(options?.policy ?? {})
    ])
  )
  const context = yield* Layer.build(layer)
  const service = yield* Effect.provide(TokenService.TokenService, context)
  const key = service.key("ada")
  const world: World = {
    service,
    key,
    presented,
    login: () =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => service.adopt(key, tokens(now), { scopes: ["read"] }))
  }
  return world
})
void Deferred, void Exit, void Stream
void (0 as unknown as GrantEvent.GrantEvent)
