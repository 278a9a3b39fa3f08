import { ClientCredentials, type OAuthClient, type Scopes, TokenService, TokenSource } from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { FrameIo, FrameIoApi, FrameIoC2c, FrameIoLegacy } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Redacted, Stream } from "effect"
import { HttpBody } from "effect/http"
import { TestClock } from "effect/testing"
import { canary, leaks } from "../../core/test/support/secrets.ts"
import * as Wire from "../../core/test/support/Wire.ts"
import * as Person from "./support/person.ts"

describe("FrameIoApi", () => {
  it.effect("tells a token that has expired from a refusal: it is renewed and the call succeeds", () =>
    Effect.gen(function*() {
      const wire = frameIo({ accepts: (token) => token === "a-2" })

      const response = yield* Effect.provide(call(), wire.layer(v4))

      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(calls(wire), ["a-1", "a-2"])
    }))

  it.effect("fails where a fresh token is refused as well, after one renewal and one replay", () =>
    Effect.gen(function*() {
      const wire = frameIo()

      const error = yield* Effect.provide(Effect.flip(call()), wire.layer(v4))

      assert.strictEqual(error._tag, "FreshTokenRefused")
      assert.deepStrictEqual(calls(wire), ["a-1", "a-2"])
      assert.strictEqual(renewals(wire), 1)
    }))

  it.effect("says both facts, the API's words and what is likely", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(refused(), frameIo().layer(v4))

      assert.strictEqual(
        error.message,
        "https://api.frame.io refused a token (status 401: Invalid or missing authorization token), and then the fresh "
          + "one that was got instead, so renewing does not help. Likely: the account was not moved to V4; call the "
          + "legacy API with a grant of FrameIoLegacy; the Adobe ID is not linked to a Frame.io account; there is no "
          + "product profile with Frame.io for it; an administrator adds one in the Adobe Admin Console"
      )
      assert.strictEqual(error.title, "Unauthorized")
    }))

  it.effect("names the missing roles alone where the login did not ask for them", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(refused(["openid", "offline_access"]), frameIo().layer(v4))

      assert.deepStrictEqual(error.causes, ["roles-missing"])
    }))

  it.effect("does not renew again at the next call, and says so again", () =>
    Effect.gen(function*() {
      const wire = frameIo()

      const error = yield* Effect.provide(
        Effect.gen(function*() {
          const client = yield* api()
          yield* Effect.flip(client.get(me))
          return yield* Effect.flip(client.get(me))
        }),
        wire.layer(v4)
      )

      assert.strictEqual(error._tag, "FreshTokenRefused")
      assert.deepStrictEqual(calls(wire), ["a-1", "a-2", "a-2"])
      assert.strictEqual(renewals(wire), 1)
    }))

  it.effect("says so to every one of many callers, for one renewal", () =>
    Effect.gen(function*() {
      const wire = frameIo()

      const errors = yield* Effect.provide(
        Effect.flatMap(api(), (client) =>
          Effect.forEach(Array.from({ length: 20 }), () =>
            Effect.flip(client.get(me)), { concurrency: "unbounded" })),
        wire.layer(v4)
      )

      assert.deepStrictEqual([
        ...new Set(errors.map(({ _tag }) =>
          _tag
        ))
      ], ["FreshTokenRefused"])
      assert.strictEqual(renewals(wire), 1)
    }))

  it.effect("hands the API's 401 on where the token that came instead had been got long ago", () =>
    Effect.gen(function*() {
      const wire = frameIo()
      let serial = 1
      const token = Effect.sync(() => ({ value: Redacted.make(`a-${serial}`), type: "Bearer" }))
      const source = TokenSource.make({
        token,
        refused: () =>
          Effect.suspend(() => {
            serial++
            return token
          })
      })

      const response = yield* Effect.provide(
        Effect.flatMap(FrameIoApi.fromSource(source), (client) => client.get(me)),
        wire.layer(v4)
      )

      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual(calls(wire), ["a-1", "a-2"])
    }))

  it.effect("hands the API's 401 on where the token could not be renewed", () =>
    Effect.gen(function*() {
      const wire = frameIo({ renewal: () => TestHttp.empty(503) })

      const response = yield* Effect.provide(call(), wire.layer(v4))

      assert.strictEqual(response.status, 401)
      assert.deepStrictEqual(calls(wire), ["a-1"])
    }))

  it.effect("hands the API's 401 on where the body cannot be sent twice", () =>
    Effect.gen(function*() {
      const wire = frameIo()

      const response = yield* Effect.provide(
        Effect.flatMap(api(), (client) =>
          client.post(me, { body: HttpBody.stream(Stream.make(new TextEncoder().encode("{}"))) })),
        wire.layer(v4)
      )

      assert.strictEqual(response.status, 401)
      assert.strictEqual(renewals(wire), 0)
    }))

  it.effect("asks for a login where the renewal ends the grant", () =>
    Effect.gen(function*() {
      const wire = frameIo({ renewal: () => TestHttp.json({ error: "invalid_grant" }, { status: 400 }) })

      const error = yield* Effect.provide(Effect.flip(call()), wire.layer(v4))

      assert.strictEqual(error._tag === "OAuthError" && error.reason._tag, "ReauthorizationRequired")
    }))

  it.effect("leaves every other answer as it is", () =>
    Effect.gen(function*() {
      const wire = frameIo({ status: () => 403 })

      const response = yield* Effect.provide(call(), wire.layer(v4))

      assert.strictEqual(response.status, 403)
      assert.strictEqual(renewals(wire), 0)
    }))

  it.effect("leaves an answer other than 401 to the fresh token as it is", () =>
    Effect.gen(function*() {
      const wire = frameIo({ status: (token) => token === "a-1" ? 401 : 403 })

      const response = yield* Effect.provide(call(), wire.layer(v4))

      assert.strictEqual(response.status, 403)
      assert.deepStrictEqual(calls(wire), ["a-1", "a-2"])
    }))

  it.effect("reads the errors of the legacy API, and thinks of an account that was moved", () =>
    Effect.gen(function*() {
      const wire = frameIo({ body: v2NotAuthorized })

      const error = yield* Effect.provide(
        refused(FrameIoLegacy.scopes),
        wire.layer(FrameIoLegacy.layer({ client: "public", clientId: "app" }))
      )

      assert.deepStrictEqual([error.title, error.detail, error.causes], [
        "Not Authorized",
        "You are not allowed to access that resource",
        ["account-on-v4"]
      ])
    }))

  it.effect("thinks of the end of the legacy API once its day has come", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(
        Effect.gen(function*() {
          const client = yield* api(FrameIoLegacy.scopes)
          yield* TestClock.setTime(Date.UTC(2026, 11, 1))
          return yield* tell(client)
        }),
        frameIo({ body: v2NotAuthorized }).layer(FrameIoLegacy.layer({ client: "public", clientId: "app" }))
      )

      assert.deepStrictEqual(error.causes, ["server-ended", "account-on-v4"])
    }))

  it.effect("has nothing to guess about devices", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.UTC(2026, 10, 22))
          const service = yield* TokenService.TokenService
          const key = service.key("camera-a")
          yield* service.adopt(key, {
            accessToken: Redacted.make("a-1"),
            refreshToken: Redacted.make("r-1"),
            tokenType: "Bearer",
            receivedAt: yield* Clock.currentTimeMillis
          })
          return yield* tell(yield* FrameIoApi.make(key))
        }),
        frameIo().layer(FrameIoC2c.layer({ clientId: "serial-1", clientSecret: Redacted.make("s3cret") }))
      )

      assert.deepStrictEqual(error.causes, [])
    }))

  it.effect("thinks of the Admin Console where the token is a server's own", () =>
    Effect.gen(function*() {
      const wire = frameIo()
      const provider = FrameIo.layer({
        client: "serverToServer",
        clientId: "app",
        clientSecret: Redacted.make("s3cret")
      })

      const error = yield* Effect.provide(
        Effect.gen(function*() {
          const source = yield* ClientCredentials.source({ scopes: FrameIo.serverToServerScopes })
          return yield* tell(yield* FrameIoApi.fromSource(source, { scopes: FrameIo.serverToServerScopes }))
        }),
        wire.layer(provider)
      )

      assert.deepStrictEqual(error.causes, ["not-in-admin-console", "product-profile-missing"])
    }))

  it.effect("says nothing of an answer that cannot be read", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(
        refused(),
        frameIo({ answer: TestHttp.html("<h1>401</h1>", { status: 401 }) }).layer(v4)
      )

      assert.deepStrictEqual([error.title, error.detail, error.status], [undefined, undefined, 401])
    }))

  it.effect("keeps the tokens out of everything that can be printed", () =>
    Effect.gen(function*() {
      const error = yield* Effect.provide(refused(), frameIo({ token: canary }).layer(v4))

      assert.deepStrictEqual(leaks(error), [])
    }))

  it.effect("gives the token to Frame.io's API only", () =>
    Effect.gen(function*() {
      const wire = frameIo()

      const error = yield* Effect.provide(
        Effect.flatMap(api(), (client) => Effect.flip(client.get("https://frameio-uploads.s3.amazonaws.com/part-1"))),
        wire.layer(v4)
      )

      assert.strictEqual(error._tag === "OAuthError" && error.reason._tag, "RequestNotAllowed")
      assert.deepStrictEqual(calls(wire), [])
    }))

  it.effect("tells who a token stands for, as any client does", () =>
    Effect.gen(function*() {
      const wire = frameIo({ accepts: () => true })

      const profile = yield* Effect.provide(Effect.flatMap(api(), FrameIo.me), wire.layer(v4))

      assert.strictEqual(profile.name, "Ada")
    }))
})

const me = "https://api.frame.io/v4/me"

const v4: OAuthClient.Provider = FrameIo.layer({ client: "nativeApp", clientId: "app" })

const unauthorized = { errors: [{ title: "Unauthorized", detail: "Invalid or missing authorization token" }] }

const v2NotAuthorized = {
  code: 401,
  errors: [{
    code: 401,
    detail: "You are not allowed to access that resource",
    status: 401,
    title: "Not Authorized"
  }],
  message: "Not Authorized"
}

/** A login server that always renews, and an API that refuses every token unless told otherwise. */
const frameIo = (options: {
  readonly accepts?: (token: string) => boolean
  readonly answer?: TestHttp.Answer
  readonly body?: typeof unauthorized
  readonly renewal?: () => TestHttp.Answer
  readonly status?: (token: string) => number
  readonly token?: string
} = {}) => {
  let pair = 0
  return Wire.make((request) => {
    if (request.method !== "POST" || request.url === me) {
      const token = request.headers["authorization"]?.replace("Bearer ", "") ?? ""
      if (options.accepts?.(token) === true) {
        return TestHttp.json({ data: { id: "u-1", name: "Ada", email: "ada@example.com", avatar_url: null } })
      }
      return options.answer ?? TestHttp.json(options.body ?? unauthorized, { status: options.status?.(token) ?? 401 })
    }
    if (pair > 0 && options.renewal !== undefined) return options.renewal()
    pair++
    return TestHttp.json({
      access_token: options.token === undefined ? `a-${pair}` : `${options.token}-${pair}`,
      refresh_token: `r-${pair}`,
      token_type: "bearer",
      expires_in: 86399
    })
  })
}

const api = Effect.fnUntraced(function*(scopes: Scopes.Scopes = FrameIo.scopes) {
  const { key } = yield* Person.login(scopes)
  return yield* FrameIoApi.make(key)
})

const call = () => Effect.flatMap(api(), (client) => client.get(me))

/** What the API's refusal became. */
const tell = (client: FrameIoApi.FrameIoApi) =>
  Effect.flatMap(
    Effect.flip(client.get(me)),
    (error) => error._tag === "FreshTokenRefused" ? Effect.succeed(error) : Effect.die(error)
  )

const refused = (scopes?: Scopes.Scopes) => Effect.flatMap(api(scopes), tell)

/** The tokens with which the API was called. */
const calls = (wire: Wire.Wire) =>
  wire.sent.filter(({ url }) => url === me).map(({ headers }) => headers["authorization"]?.replace("Bearer ", ""))

const renewals = (wire: Wire.Wire) => wire.sent.filter(({ body }) => body.includes("grant_type=refresh_token")).length
