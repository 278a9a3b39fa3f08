import { Login, OAuthError, type Scopes, TokenService } from "@effect-oauth/core"
import { Fault, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as App from "./support/App.ts"

describe("Login", () => {
  it.effect("keeps a grant for what the browser brings back", () =>
    Effect.gen(function*() {
      const key = yield* App.login()

      const service = yield* TokenService.TokenService
      const status = Option.getOrThrow(yield* service.status(key))
      assert.strictEqual(status.state._tag, "Active")
      assert.deepStrictEqual(status.scopes, ["read"])
      assert.isTrue(status.renewable)
    }).pipe(Effect.provide(App.layer())))

  it.effect("shows its state nowhere but in the address, however it is printed", () =>
    Effect.gen(function*() {
      const login = yield* Login.Login
      const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.test/callback", scopes: ["read"] })

      const printed = inspect({ ...begun, url: "" }, { depth: Infinity, showHidden: true })

      assert.include(begun.url, Redacted.value(begun.state))
      assert.notInclude(printed, Redacted.value(begun.state))
    }).pipe(Effect.provide(App.layer())))

  it.effect("exchanges the code with the code verifier and the redirect URI of the request", () =>
    Effect.gen(function*() {
      yield* App.login()

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const [exchange] = yield* server.exchanges
      assert.deepStrictEqual(Object.keys(exchange?.parameters ?? {}).sort(), [
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri"
      ])
    }).pipe(Effect.provide(App.layer())))

  it.effect("counts an answer once, however often it arrives", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()

      const outcomes = yield* Effect.all(
        Array.from({ length: 20 }, () => Effect.result(login.complete(answer))),
        { concurrency: "unbounded" }
      )

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual(outcomes.filter((outcome) => outcome._tag === "Success").length, 1)
      assert.strictEqual((yield* server.exchanges).length, 1)
    }).pipe(Effect.provide(App.layer())))

  it.effect("refuses an answer to no login, and sends nothing", () =>
    Effect.gen(function*() {
      const { login } = yield* answered()

      const error = yield* Effect.flip(login.complete("https://app.test/callback?code=stolen&state=guessed"))

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual(problemOf(error), "no-pending-authorization")
      assert.deepStrictEqual(yield* server.exchanges, [])
    }).pipe(Effect.provide(App.layer())))

  it.effect("refuses an answer that comes after ten minutes", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()
      yield* TestClock.adjust("10 minutes")

      const error = yield* Effect.flip(login.complete(answer))

      assert.strictEqual(problemOf(error), "no-pending-authorization")
    }).pipe(Effect.provide(App.layer())))

  it.effect("says that the person declined", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered({ error: "access_denied" })

      const error = yield* Effect.flip(login.complete(answer))

      assert.strictEqual(error.reason._tag, "AuthorizationRefused")
    }).pipe(Effect.provide(App.layer())))

  it.effect("does not begin again, by plain or otherwise, when the server knows no S256 [7636-7.2-a] [7636-4.4.1-a]", () =>
    Effect.gen(function*() {
      const { answer, login, url } = yield* answered({ error: "invalid_request", description: "unknown transform" })

      const error = yield* Effect.flip(login.complete(answer))

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.strictEqual(error.reason._tag, "AuthorizationRefused")
      assert.strictEqual(new URL(url).searchParams.get("code_challenge_method"), "S256")
      assert.deepStrictEqual((yield* server.exchanges).filter(({ endpoint }) => endpoint !== "authorization"), [])
    }).pipe(Effect.provide(App.layer())))

  it.effect("does not exchange a code twice when the answer is lost", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* server.inject(Fault.answerLost("reset"))

      const error = yield* Effect.flip(login.complete(answer))

      assert.strictEqual(error.reason._tag, "AnswerLost")
      assert.strictEqual((yield* server.exchanges).length, 1)
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps the grant for the account that is decided on at the end", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()

      const completed = yield* login.complete(answer, { link: ({ account }) => Effect.succeed(`${account}-linked`) })

      const service = yield* TokenService.TokenService
      assert.strictEqual(completed.key.account, "ada-linked")
      assert.isTrue(Option.isNone(yield* service.status(service.key("ada"))))
      assert.isTrue(Option.isSome(yield* service.status(completed.key)))
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps nothing where no account is decided on", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()
      const refusal = OAuthError.make(
        "App",
        "link",
        new OAuthError.CallbackRejected({ problem: "unsupported-response" })
      )

      const error = yield* Effect.flip(login.complete(answer, { link: () => Effect.fail(refusal) }))

      const service = yield* TokenService.TokenService
      assert.strictEqual(error, refusal)
      assert.isTrue(Option.isNone(yield* service.status(service.key("ada"))))
    }).pipe(Effect.provide(App.layer())))

  it.effect("tells that a login gave no refresh token", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()

      const completed = yield* login.complete(answer)

      assert.isFalse(completed.renewable)
    }).pipe(Effect.provide(App.layer({ refreshTokens: "never" }))))

  it.effect("warns where a refresh token was asked for and none came", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered(undefined, ["read", "offline_access"])

      const completed = yield* login.complete(answer)

      assert.deepStrictEqual(completed.warnings, [{ _tag: "RefreshTokenWithheld", scope: "offline_access" }])
    }).pipe(Effect.provide(App.layer({ refreshTokens: "never" }))))

  it.effect("does not warn where no refresh token was asked for", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered()

      const completed = yield* login.complete(answer)

      assert.deepStrictEqual(completed.warnings, [])
    }).pipe(Effect.provide(App.layer({ refreshTokens: "never" }))))

  it.effect("does not warn where the refresh token that was asked for came", () =>
    Effect.gen(function*() {
      const { answer, login } = yield* answered(undefined, ["read", "offline_access"])

      const completed = yield* login.complete(answer)

      assert.deepStrictEqual(completed.warnings, [])
    }).pipe(Effect.provide(App.layer())))

  for (const [refreshTokens, renewable] of [["always", true], ["never", false]] as const) {
    it.effect(`tells by an event whether the grant can be renewed: ${renewable}`, () =>
      Effect.gen(function*() {
        const { answer, login } = yield* answered()
        const { events } = yield* TokenService.TokenService
        const fiber = yield* Effect.forkChild(Stream.runHead(events), { startImmediately: true })

        const { key } = yield* login.complete(answer)

        const event = Option.getOrThrow(yield* Fiber.join(fiber))
        assert.deepStrictEqual(event, { _tag: "Authorized", key, renewable })
      }).pipe(Effect.provide(App.layer({ refreshTokens }))))
  }
})

const answered = Effect.fnUntraced(function*(
  decision?: TestAuthorizationServer.Decision,
  scopes: Scopes.Scopes = ["read"]
) {
  const login = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.test/callback", scopes })
  return { login, url: begun.url, answer: yield* server.authorize(begun.url, decision) }
})

const problemOf = (error: { readonly reason: { readonly _tag: string; readonly problem?: unknown } }): unknown =>
  error.reason._tag === "CallbackRejected" ? error.reason.problem : error.reason._tag
