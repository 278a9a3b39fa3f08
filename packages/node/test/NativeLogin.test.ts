/** A login of a native application, from the browser to the grant (RFC 8252). */
import {
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer, TestClient, TestCrypto } from "@effect-oauth/core/testing"
import { LoopbackLogin } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { visit } from "./fixtures/visit.ts"

describe("A native login", () => {
  it.effect("names the real port in both requests, and proves itself by S256 [8252-7.3-a] [2.1-8.5.4-c] [8252-6-a]", () =>
    Effect.gen(function*() {
      const { answer, begun, callback, login, redirectUri } = yield* begin
      const waiting = yield* Effect.forkChild(callback(begun.state))
      yield* visit(answer)
      yield* login.complete(yield* Fiber.join(waiting))

      const asked = new URL(begun.url).searchParams
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const exchange = (yield* server.exchanges).find(({ endpoint }) => endpoint === "token")
      assert.match(redirectUri, /^http:\/\/127\.0\.0\.1:[1-9]\d*\/callback$/)
      assert.strictEqual(asked.get("redirect_uri"), redirectUri)
      assert.strictEqual(exchange?.parameters["redirect_uri"], redirectUri)
      assert.strictEqual(asked.get("code_challenge_method"), "S256")
      assert.isUndefined(exchange?.parameters["client_secret"])
    }).pipe(Effect.provide(app)))

  it.effect("is of no use to another program that has the code [8252-8.1-a]", () =>
    Effect.gen(function*() {
      const { answer, login, redirectUri } = yield* begin
      const code = Redacted.make(new URL(answer).searchParams.get("code") ?? "")
      const endpoint = yield* TokenEndpoint.TokenEndpoint

      const stolen = yield* Effect.forEach(
        [undefined, Redacted.make("a".repeat(43))],
        (codeVerifier) => endpoint.exchange(TokenRequest.authorizationCode({ code, redirectUri, codeVerifier }))
      )

      assert.deepStrictEqual(
        stolen.map((judgement) => judgement._tag === "Refused" ? String(judgement.reason.code) : judgement._tag),
        ["invalid_grant", "invalid_grant"]
      )
      assert.isDefined(login)
    }).pipe(Effect.provide(app)))

  it.effect("goes on after an answer to no login, and sends nothing for it [8252-8.9-a]", () =>
    Effect.gen(function*() {
      const { answer, begun, callback, login, redirectUri } = yield* begin
      const waiting = yield* Effect.forkChild(callback(begun.state))

      const stray = yield* visit(`${redirectUri}?code=stolen&state=guessed`)
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const sent = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "token")
      yield* visit(answer)
      const completed = yield* login.complete(yield* Fiber.join(waiting))

      assert.strictEqual(stray.status, 400)
      assert.deepStrictEqual(sent, [])
      assert.strictEqual(completed.key.account, "ada")
    }).pipe(Effect.provide(app)))

  for (const tokens of ["access_token=t&token_type=Bearer", "id_token=e30.e30.e30"]) {
    it.effect(`takes no tokens from a browser: ${tokens.split("=", 1)[0]} [8252-8.2-a]`, () =>
      Effect.gen(function*() {
        const { begun, login, redirectUri } = yield* begin
        const state = Redacted.value(begun.state)

        const errors = yield* Effect.forEach(["?", "#"], (mark) =>
          Effect.flip(login.complete(`${redirectUri}${mark}${tokens}&state=${state}`)))

        assert.strictEqual(new URL(begun.url).searchParams.get("response_type"), "code")
        for (const { reason } of errors) {
          assert.strictEqual(
            reason._tag === "CallbackRejected" ? reason.problem : reason._tag,
            "unsupported-response"
          )
        }
      }).pipe(Effect.provide(app)))
  }
})

const app = Login.layerWith.pipe(
  Layer.provideMerge(TokenService.layerWith()),
  Layer.provideMerge(Layer.mergeAll(
    TokenStore.layerMemory,
    PendingAuthorizations.layerMemory(),
    PushedAuthorization.layer,
    TokenEndpoint.layer,
    Revocation.layer
  )),
  Layer.provideMerge(TestAuthorizationServer.layer({ clients: [TestClient.publicClient] })),
  Layer.provideMerge(TestCrypto.layer()),
  Layer.provide(RefreshPolicy.layer({}))
)

/** Opens the port, begins a login, and lets the person agree. */
const begin = Effect.gen(function*() {
  const login = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { callback, redirectUri } = yield* LoopbackLogin.listen()
  const begun = yield* login.begin({ account: "ada", redirectUri, scopes: ["read"] })
  return { login, callback, redirectUri, begun, answer: yield* server.authorize(begun.url) }
})
