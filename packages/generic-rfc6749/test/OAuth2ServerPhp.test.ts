import { type GrantEvent, Login, TokenService } from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { type Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Wire from "../../core/test/support/Wire.ts"
import * as OAuth2ServerPhp from "./support/oauth2ServerPhp.ts"

type Rotation = NonNullable<Description.Encoded["rotation"]>

describe("oauth2-server-php", () => {
  const oneShot: Rotation = { policy: "oneShot" }
  const fixed: Rotation = { policy: "static" }
  const rotating: Rotation = { policy: "rotating", reuseRevokesFamily: false }
  const rows: ReadonlyArray<
    readonly [setup: string, alwaysIssue: boolean, unsetAfterUse: boolean, rotation: Rotation]
  > = [
    ["new Server($storage)", false, true, oneShot],
    ["addGrantType(new RefreshToken($storage))", false, true, oneShot],
    ["always_issue_new_refresh_token=false on Server", false, true, oneShot],
    ["always_issue_new_refresh_token=false on RefreshToken", false, false, fixed],
    ["unset_refresh_token_after_use=false", false, false, fixed],
    ["always_issue_new_refresh_token=true on Server", true, true, rotating],
    ["always_issue_new_refresh_token=true on RefreshToken", true, true, rotating],
    ["always_issue_new_refresh_token=true, unset_refresh_token_after_use=false", true, false, fixed]
  ]

  for (const [setup, alwaysIssue, unsetAfterUse, rotation] of rows) {
    const lasts = rotation.policy !== "oneShot"

    it.effect(`${setup}: a grant ${lasts ? "is renewed again and again" : "is renewed once"}`, () =>
      Effect.gen(function*() {
        const { presented, service, key } = yield* connected({ alwaysIssue, unsetAfterUse, rotation })

        yield* service.refresh(key)
        const { refreshToken } = Option.getOrThrow(yield* service.status(key))
        const again = yield* Effect.result(service.refresh(key))

        assert.strictEqual(refreshToken, !lasts ? "none" : "usable")
        assert.strictEqual(again._tag, lasts ? "Success" : "Failure")
        assert.deepStrictEqual(presented(), !lasts ? ["r-1"] : alwaysIssue ? ["r-1", "r-2"] : ["r-1", "r-1"])
      }).pipe(Effect.scoped))

    it.effect(`${setup}: a lost answer ${rotation.policy === "static" ? "costs nothing" : "is not followed at once"}`, () =>
      Effect.gen(function*() {
        const { presented, service, key } = yield* connected({ alwaysIssue, unsetAfterUse, rotation, loses: 1 })

        const renewal = yield* Effect.forkChild(Effect.result(service.refresh(key)))
        yield* TestClock.adjust("30 seconds")
        const outcome = yield* Fiber.join(renewal)

        assert.strictEqual(outcome._tag, rotation.policy === "static" ? "Success" : "Failure")
        assert.deepStrictEqual(presented(), rotation.policy === "static" ? ["r-1", "r-1"] : ["r-1"])
      }).pipe(Effect.scoped))
  }

  describe("with its defaults", () => {
    const defaults = { alwaysIssue: false, unsetAfterUse: true, rotation: oneShot }

    it.effect("says with the renewal when the account has to be connected again", () =>
      Effect.gen(function*() {
        const { service, key } = yield* connected(defaults)
        const listening = yield* Effect.forkChild(Stream.runCollect(Stream.take(service.events, 2)), {
          startImmediately: true
        })
        yield* TestClock.adjust("10 minutes")

        yield* service.refresh(key)

        const events: ReadonlyArray<GrantEvent.GrantEvent> = yield* Fiber.join(listening)
        const { reconnectBy } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Renewed", "ReconnectSoon"])
        assert.deepStrictEqual(Option.getOrUndefined(reconnectBy), DateTime.makeUnsafe(start + 4_200_000))
      }).pipe(Effect.scoped))

    it.effect("serves the last token to its end, asks for nothing more, and says why", () =>
      Effect.gen(function*() {
        const { presented, service, key } = yield* connected(defaults)
        yield* service.refresh(key)
        yield* TestClock.adjust("59 minutes")

        const last = yield* service.token(key)
        yield* TestClock.adjust("1 minute")
        const error = yield* Effect.flip(service.token(key))

        assert.strictEqual(Redacted.value(last.value), "a-2")
        assert.strictEqual(
          error.reason._tag === "ReauthorizationRequired" && error.reason.why,
          "RefreshTokenSpent"
        )
        assert.deepStrictEqual(presented(), ["r-1"])
      }).pipe(Effect.scoped))

    it.effect("is found out where it is not described: the token may be spent, and when it is that is the reason", () =>
      Effect.gen(function*() {
        const { presented, service, key } = yield* connected({ ...defaults, rotation: { policy: "unknown" } })

        yield* service.refresh(key)
        const { refreshToken } = Option.getOrThrow(yield* service.status(key))
        const error = yield* Effect.flip(service.refresh(key))

        assert.strictEqual(refreshToken, "maybe-spent")
        assert.strictEqual(
          error.reason._tag === "ReauthorizationRequired" && error.reason.why,
          "RefreshTokenSpent"
        )
        assert.deepStrictEqual(presented(), ["r-1", "r-1"])
      }).pipe(Effect.scoped))
  })

  describe("answers that", () => {
    const kept = { alwaysIssue: true, unsetAfterUse: true, rotation: rotating }

    it.effect("have null for a scope stand for what was asked for", () =>
      Effect.gen(function*() {
        const { service, key } = yield* connected(kept)

        assert.deepStrictEqual(Option.getOrThrow(yield* service.status(key)).scopes, ["read"])
      }).pipe(Effect.scoped))

    it.effect("have a text for a lifetime are read", () =>
      Effect.gen(function*() {
        const { service, key } = yield* connected({ ...kept, accessLifetime: "3600" })

        const { expiresAt } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual(Option.getOrUndefined(expiresAt), DateTime.makeUnsafe(start + 3_600_000))
      }).pipe(Effect.scoped))

    it.effect("have zero for a lifetime bring tokens that do not end, and no loop", () =>
      Effect.gen(function*() {
        const { presented, service, key } = yield* connected({ ...kept, accessLifetime: 0 })

        yield* TestClock.adjust("30 days")
        const token = yield* service.token(key)

        assert.strictEqual(Redacted.value(token.value), "a-1")
        assert.deepStrictEqual(presented(), [])
      }).pipe(Effect.scoped))

    it.effect("call the client invalid with a 400 are a matter of the configuration, and the grant stays", () =>
      Effect.gen(function*() {
        const { service, key } = yield* connected({ ...kept, forgetsClient: true })

        const error = yield* Effect.flip(service.refresh(key))

        const { state } = Option.getOrThrow(yield* service.status(key))
        assert.strictEqual(error.reason._tag === "RequestRefused" && String(error.reason.code), "invalid_client")
        assert.strictEqual(state._tag, "Active")
      }).pipe(Effect.scoped))

    it.effect("say that a token is revoked are believed", () =>
      Effect.gen(function*() {
        const { service, key } = yield* connected(kept)

        assert.strictEqual(yield* service.revoke(key), "done")
      }).pipe(Effect.scoped))
  })

  it.effect("is not sent a secret that is encoded, which it does not decode", () =>
    Effect.gen(function*() {
      const { service, key } = yield* connected({
        alwaysIssue: true,
        unsetAfterUse: true,
        rotation: rotating,
        client: { id: "app", secret: "a b+c%" }
      })

      yield* service.refresh(key)

      assert.strictEqual(Option.getOrThrow(yield* service.status(key)).serial, 2)
    }).pipe(Effect.scoped))

  it.effect("gets a secret with a colon in the body, since its Basic takes one colon only", () =>
    Effect.gen(function*() {
      const { service, key } = yield* connected({
        alwaysIssue: true,
        unsetAfterUse: true,
        rotation: rotating,
        client: { id: "app", secret: "a:b" },
        clientAuthentication: "post"
      })

      yield* service.refresh(key)

      assert.strictEqual(Option.getOrThrow(yield* service.status(key)).serial, 2)
    }).pipe(Effect.scoped))
})

const start = Date.UTC(2030, 0, 1)

/** Logs in at such a server, described so; `loses` answers to renewals do not arrive. */
const connected = Effect.fnUntraced(function*(
  options: OAuth2ServerPhp.Options & {
    readonly rotation: Rotation
    readonly loses?: number
    readonly forgetsClient?: boolean
    readonly clientAuthentication?: "post"
  }
) {
  const respond = OAuth2ServerPhp.make(options)
  let lost = options.loses ?? 0
  const wire = Wire.make((request) => {
    const renews = request.parameters["grant_type"] === "refresh_token"
    if (renews && options.forgetsClient === true) {
      return TestHttp.json(
        { error: "invalid_client", error_description: "The client credentials are invalid" },
        { status: 400 }
      )
    }
    const answer = respond(request)
    return renews && lost-- > 0 ? { ...answer, body: "", ending: "reset" as const } : answer
  })
  const context = yield* Layer.build(wire.layer(GenericRfc6749.layerDescription({
    clientId: "app",
    clientSecret: Redacted.make(options.client?.secret ?? "s"),
    description: {
      provider: "php",
      authorizationEndpoint: "https://as.test/authorize",
      tokenEndpoint: "https://as.test/token",
      revocationEndpoint: "https://as.test/revoke",
      clientAuthentication: options.clientAuthentication ?? "basicRaw",
      dialect: { response: { expiresIn: "number-or-digits", expiresInZero: "never" } },
      rotation: options.rotation
    } satisfies Description.Encoded
  })))
  yield* TestClock.setTime(start)
  return yield* Effect.provideContext(
    Effect.gen(function*() {
      const logins = yield* Login.Login
      const service = yield* TokenService.TokenService
      const { state } = yield* logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: ["read"] })
      const { key } = yield* logins.complete(
        `https://app.test/cb?${new URLSearchParams({ code: "c-1", state: Redacted.value(state) })}`
      )
      return {
        key,
        service,
        presented: () =>
          wire.sent.map(({ body }) => new URLSearchParams(body)).flatMap((form) =>
            form.get("grant_type") === "refresh_token" ? [form.get("refresh_token")] : []
          )
      }
    }),
    context
  )
})
