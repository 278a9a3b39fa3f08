import {
  AuthorizationServer,
  DeviceAuthorization,
  type OAuthClient,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
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

        const exchange = { method: "POST", headers: multipart }
        assert.deepStrictEqual(read(wire), [
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

        const exchange = { method: "POST", headers: multipart }
        assert.deepStrictEqual(read(wire), [
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

    it.effect("is renewed by a form in parts, as the vendor's examples are written", () =>
      Effect.gen(function*() {
        const wire = camera()

        yield* Effect.provide(
          Effect.flatMap(paired(), ({ key, service }) => service.refresh(key)),
          wire.layer(device)
        )

        assert.strictEqual(
          wire.sent[0]?.body,
          [
            ["grant_type", "refresh_token"],
            ["refresh_token", "r-0"],
            ["client_id", "serial-1"],
            ["client_secret", "s3cret"]
          ].map(([name, value]) =>
            `--effect-oauth-form\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
          ).join("") + "--effect-oauth-form--\r\n"
        )
      }))

    it.effect("is renewed by a form whose parts end where they end, whatever they hold", () =>
      Effect.gen(function*() {
        const wire = camera()
        const secret = "effect-oauth-form--s3cret"

        yield* Effect.provide(
          Effect.flatMap(paired(), ({ key, service }) => service.refresh(key)),
          wire.layer(FrameIoC2c.layer({ ...options(), clientSecret: Redacted.make(secret) }))
        )

        const { body = "", headers = {} } = wire.sent[0] ?? {}
        const form = yield* Effect.promise(() => new Response(body, { headers }).formData())
        assert.strictEqual(form.get("client_secret"), secret)
      }))

    it.effect("sends the version of the device's software with every request", () =>
      Effect.gen(function*() {
        const wire = camera()

        yield* Effect.provide(
          Effect.gen(function*() {
            const pairing = yield* DeviceAuthorization.DeviceAuthorization
            yield* pairing.start({ scopes: FrameIoC2c.scopes })
            const { key, service } = yield* paired()
            yield* service.refresh(key)
            yield* service.revoke(key)
          }),
          DeviceAuthorization.layer.pipe(
            Layer.provideMerge(wire.layer(FrameIoC2c.layer({ ...options(), clientVersion: "2.0.0" })))
          )
        )

        assert.deepStrictEqual(wire.sent.map(({ headers }) => headers["x-client-version"]), ["2.0.0", "2.0.0", "2.0.0"])
      }))

    it.effect("is told apart by its own identifier: two devices of one model have grants of their own", () =>
      Effect.gen(function*() {
        const key = Effect.map(TokenService.TokenService, (service) => service.key("camera-a").id)

        const first = yield* Effect.provide(key, camera().layer(device))
        const second = yield* Effect.provide(
          key,
          camera().layer(FrameIoC2c.layer({ ...options(), clientId: "serial-2" }))
        )

        assert.notStrictEqual(first, second)
      }))

    it.effect("is revoked by the empty object of the older page as well", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => TestHttp.json({}))

        const revoked = yield* Effect.provide(
          Effect.flatMap(paired(), ({ key, service }) => service.revoke(key)),
          wire.layer(device)
        )

        assert.strictEqual(revoked, "done")
      }))

    it.effect("is due before its refresh token ends after 14 days, though no answer says so", () =>
      Effect.gen(function*() {
        const wire = camera()

        const { head } = yield* Effect.provide(
          Effect.gen(function*() {
            const { key, service } = yield* paired()
            yield* service.refresh(key)
            const { grant } = yield* Effect.flatMap(TokenStore.TokenStore, (store) => store.read(key))
            return { head: grant }
          }),
          wire.layer(device)
        )

        const body = head?.body._tag === "Open" ? head.body : undefined
        assert.strictEqual((body?.refreshTokenExpiresAt ?? 0) - Date.UTC(2026, 10, 22), 14 * 24 * 3600 * 1000)
      }))

    it.effect("ends with a 401 in the API's own form, which asks for pairing again", () =>
      Effect.gen(function*() {
        const error = yield* refreshFailure(TestHttp.json(notAuthorized(), { status: 401 }))

        assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      }))

    for (
      const [what, answer, outcome] of [
        [
          "a wrong secret",
          TestHttp.json({ error: "invalid_client" }, { status: 401 }),
          "RequestRefused"
        ],
        [
          "an error of both forms",
          TestHttp.json({ ...notAuthorized(), error: "invalid_client" }, { status: 401 }),
          "RequestRefused"
        ],
        ["a page of somebody between", TestHttp.html("<h1>401</h1>", { status: 401 }), "AnswerLost"],
        ["a 403 that holds such an error", TestHttp.json(notAuthorized(), { status: 403 }), "AnswerLost"]
      ] as const
    ) {
      it.effect(`does not end with ${what}`, () =>
        Effect.gen(function*() {
          const error = yield* refreshFailure(answer)

          assert.strictEqual(error.reason._tag, outcome)
        }))
    }

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
          read(wire)[0]?.body,
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
    for (const clientVersion of ["", "2.0 beta", "2.0\r\nx: y"]) {
      it.effect(`refuses ${JSON.stringify(clientVersion)} for a version`, () =>
        Effect.gen(function*() {
          const error = yield* Person.failure(FrameIoC2c.layer({ ...options(), clientVersion }))

          assert.strictEqual(
            error.message,
            "FrameIoC2c.layer: clientVersion: must be printable ASCII without spaces, like 2.0.0"
          )
        }))
    }

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

const multipart = { accept: "application/json", "content-type": "multipart/form-data; boundary=effect-oauth-form" }

/** What was sent, the parts of each form written as a query. */
const read = (wire: Wire.Wire) =>
  wire.sent.map(({ body, ...head }) => {
    const parts = [...body.matchAll(/name="([^"]*)"\r\n\r\n([^\r]*)\r\n/g)]
    return { ...head, body: new URLSearchParams(parts.map(([, name = "", value = ""]) => [name, value])).toString() }
  })

/** How the API says 401, as the vendor's page shows it. */
function notAuthorized() {
  return {
    code: 401,
    errors: [{
      code: 401,
      detail: "You are not allowed to access that resource",
      status: 401,
      title: "Not Authorized"
    }],
    message: "Not Authorized"
  }
}

/** What a renewal fails with that is answered so. */
const refreshFailure = (answer: TestHttp.Answer) =>
  Effect.provide(
    Effect.flatMap(paired(), ({ key, service }) => Effect.flip(service.refresh(key))),
    camera(() => answer).layer(device)
  )

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
