import { AuthorizationServer, DeviceAuthorization, type OAuthClient, TokenService } from "@effect-oauth/core"
import { ProviderContract, TestHttp } from "@effect-oauth/core/testing"
import { FrameIoC2c } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Config, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { canary, leaks } from "../../core/test/support/secrets.ts"
import * as Wire from "../../core/test/support/Wire.ts"
import * as Person from "./support/person.ts"

describe("FrameIoC2c", () => {
  describe("ProviderContract", () => {
    for (const law of ProviderContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, device))
    }
  })

  describe("a device's grant", () => {
    const named = "&client_id=serial-1&client_secret=s3cret"

    it.effect("is renewed and revoked with identifier and secret in the body", () =>
      Effect.gen(function*() {
        const wire = camera()

        const revoked = yield* Effect.provide(
          Effect.gen(function*() {
            const { key, service } = yield* paired()
            yield* service.refresh(key)
            return yield* service.revoke(key)
          }),
          wire.layer(device)
        )

        const exchange = { method: "POST", headers: Wire.form() }
        assert.deepStrictEqual(wire.sent, [
          {
            ...exchange,
            url: "https://api.frame.io/v2/auth/token",
            body: `grant_type=refresh_token&refresh_token=r-0${named}`
          },
          {
            ...exchange,
            url: "https://api.frame.io/v2/auth/revoke",
            body: `token=r-1&token_type_hint=refresh_token${named}`
          }
        ])
        assert.strictEqual(revoked, "done")
      }))

    it.effect("begins with a code that the person types in elsewhere", () =>
      Effect.gen(function*() {
        const wire = camera()

        yield* Effect.provide(
          Effect.gen(function*() {
            const pairing = yield* DeviceAuthorization.DeviceAuthorization
            const started = yield* pairing.start({ scopes: FrameIoC2c.scopes })
            const fiber = yield* Effect.forkChild(pairing.poll(started))
            yield* TestClock.adjust("5 seconds")
            yield* Fiber.join(fiber)
          }),
          DeviceAuthorization.layer.pipe(Layer.provideMerge(wire.layer(device)))
        )

        const exchange = { method: "POST", headers: Wire.form() }
        assert.deepStrictEqual(wire.sent, [
          {
            ...exchange,
            url: "https://api.frame.io/v2/auth/device/code",
            body: `scope=asset_create+offline${named}`
          },
          {
            ...exchange,
            url: "https://api.frame.io/v2/auth/token",
            body: `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d-0${named}`
          }
        ])
      }))

    for (const code of ["invalid_request", "invalid_grant"]) {
      it.effect(`ends with ${code}, which is the answer to a spent refresh token`, () =>
        Effect.gen(function*() {
          const wire = camera(() => TestHttp.json({ error: code }, { status: 400 }))

          const error = yield* Effect.provide(
            Effect.gen(function*() {
              const { key, service } = yield* paired()
              return yield* Effect.flip(service.refresh(key))
            }),
            wire.layer(device)
          )

          assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
        }))
    }
  })

  describe("layerAuthorizationServer", () => {
    it.effect("logs devices in by code", () =>
      Effect.gen(function*() {
        const server = yield* AuthorizationServer.AuthorizationServer

        assert.strictEqual(server.deviceAuthorizationEndpoint, "https://api.frame.io/v2/auth/device/code")
        assert.isUndefined(server.authorizationEndpoint)
      }).pipe(Effect.provide(FrameIoC2c.layerAuthorizationServer)))

    it.effect("gives the token to Frame.io's API only", () =>
      Effect.gen(function*() {
        const { apiOrigins } = yield* AuthorizationServer.AuthorizationServer

        assert.deepStrictEqual(apiOrigins, ["https://api.frame.io"])
      }).pipe(Effect.provide(FrameIoC2c.layerAuthorizationServer)))

    it.effect("rotates, with access tokens of 8 hours and refresh tokens of 14 days", () =>
      Effect.gen(function*() {
        const { dialect, rotation } = yield* AuthorizationServer.AuthorizationServer

        assert.deepInclude(rotation, { _tag: "Rotating", reuseRevokesFamily: true })
        assert.deepStrictEqual(dialect.response.defaultLifetime, Duration.seconds(28800))
        assert.deepStrictEqual(dialect.response.refreshTokenLifetime, Duration.days(14))
      }).pipe(Effect.provide(FrameIoC2c.layerAuthorizationServer)))

    it.effect("does not end with the legacy API", () =>
      Effect.gen(function*() {
        const { endOfLife } = yield* AuthorizationServer.AuthorizationServer

        assert.isUndefined(endOfLife)
      }).pipe(Effect.provide(FrameIoC2c.layerAuthorizationServer)))
  })

  describe("layerLoopback", () => {
    it.effect("has everything at the origin that it is given", () =>
      Effect.gen(function*() {
        const wire = camera()

        yield* Effect.provide(
          Effect.flatMap(paired(), ({ key, service }) => service.refresh(key)),
          wire.layer(FrameIoC2c.layerLoopback({ ...options(), origin }))
        )

        assert.deepStrictEqual(wire.sent.map((request) => request.url), [`${origin}/v2/auth/token`])
      }))

    it.effect("keeps grants under keys of their own", () =>
      Effect.gen(function*() {
        const key = Effect.map(TokenService.TokenService, (service) => service.key("ada").id)

        const real = yield* Effect.provide(key, camera().layer(device))
        const trial = yield* Effect.provide(key, camera().layer(FrameIoC2c.layerLoopback({ ...options(), origin })))

        assert.notStrictEqual(real, trial)
      }))

    it.effect("refuses plain http elsewhere", () =>
      Effect.gen(function*() {
        const error = yield* Person.failure(FrameIoC2c.layerLoopback({ ...options(), origin: "http://frameio.test" }))

        assert.strictEqual(error.message, "AuthorizationServer.make: tokenEndpoint: must begin with https://")
      }))
  })

  describe("layerConfig", () => {
    const configured = FrameIoC2c.layerConfig({
      clientId: Config.String("DEVICE_SERIAL"),
      clientSecret: Config.Redacted("FRAMEIO_CLIENT_SECRET")
    })

    it.effect("reads the device from variables", () =>
      Effect.gen(function*() {
        const wire = camera()

        yield* Effect.provide(
          Effect.flatMap(paired(), ({ key, service }) => service.refresh(key)),
          wire.layer(configured)
        ).pipe(Person.withEnv({ DEVICE_SERIAL: "serial-2", FRAMEIO_CLIENT_SECRET: "s3cret" }))

        assert.strictEqual(
          wire.sent[0]?.body,
          "grant_type=refresh_token&refresh_token=r-0&client_id=serial-2&client_secret=s3cret"
        )
      }))

    it.effect("names a variable that is missing", () =>
      Effect.gen(function*() {
        const error = yield* Person.failure(configured).pipe(Person.withEnv({ FRAMEIO_CLIENT_SECRET: canary }))

        assert.strictEqual(error.message, "Configuration.layer: DEVICE_SERIAL: is missing; set it")
        assert.deepStrictEqual(leaks(error), [])
      }))
  })

  describe("layerClientAuthentication", () => {
    it.effect("keeps the secret out of everything that can be printed", () =>
      Effect.gen(function*() {
        const made = yield* Effect.scoped(
          Layer.build(FrameIoC2c.layer({ clientId: "serial-1", clientSecret: Redacted.make(canary) }))
        )

        assert.deepStrictEqual(leaks([...made.mapUnsafe.values()]), [])
      }))
  })
})

const options = (): FrameIoC2c.Options => ({ clientId: "serial-1", clientSecret: Redacted.make("s3cret") })

const device: OAuthClient.Provider = Layer.suspend(() => FrameIoC2c.layer(options()))

const origin = "http://127.0.0.1:4000"

/** The server of devices, as its documentation shows its answers. */
const camera = (token?: () => TestHttp.Answer) =>
  Wire.make((request) => {
    if (request.url.endsWith("/revoke")) return TestHttp.json({ success: true })
    if (request.url.endsWith("/device/code")) {
      return TestHttp.json({
        device_code: "d-0",
        expires_in: 120,
        interval: 5,
        name: "camera A",
        user_code: "123456",
        verification_uri: "https://next.frame.io/pair"
      })
    }
    const pair = { access_token: "a-1", expires_in: 28800, refresh_token: "r-1", token_type: "bearer" }
    return token?.() ?? TestHttp.json(pair)
  })

/** A device that was paired before: its tokens are taken over. */
const paired = Effect.fnUntraced(function*() {
  yield* TestClock.setTime(Date.UTC(2026, 10, 22))
  const service = yield* TokenService.TokenService
  const key = service.key("camera-a")
  const receivedAt = yield* Clock.currentTimeMillis
  yield* service.adopt(key, {
    accessToken: Redacted.make("a-0"),
    refreshToken: Redacted.make("r-0"),
    tokenType: "Bearer",
    receivedAt,
    expiresIn: Duration.hours(8)
  }, { scopes: FrameIoC2c.scopes })
  return { key, service }
})
