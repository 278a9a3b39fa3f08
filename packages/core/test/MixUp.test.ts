/** Answers of one authorization server that arrive as another's (RFC 9207; RFC 9700, section 4.4). */
import {
  AuthorizationServer,
  ClientAuthentication,
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"

describe("Mix-up", () => {
  it.effect("an honest server's code never goes to the server that was asked [9207-2.4-e] [9207-2.4-d] [9207-4-a]", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.evil.begin(to("evil"))

      // the evil server has sent the browser on to the honest one, which answers as it does
      const rejected = yield* app.complete(
        "evil",
        `${to("evil").redirectUri}?code=c&state=${state}&iss=${honestIssuer}`
      )

      assert.strictEqual(rejected, "issuer-mismatch")
      assert.deepStrictEqual(app.sent, [])
    }))

  it.effect("an answer without iss is none where the server has it [9207-2.4-j] [9207-2.4-e]", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.honest.begin(to("honest"))

      const rejected = yield* app.complete("honest", `${to("honest").redirectUri}?code=c&state=${state}`)

      assert.strictEqual(rejected, "issuer-missing")
      assert.deepStrictEqual(app.sent, [])
    }))

  it.effect("an answer that arrives where another server's do is none [8252-8.10-a] [8252-8.10-b]", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.honest.begin(to("honest"))

      const rejected = yield* app.complete(
        "honest",
        `${to("evil").redirectUri}?code=c&state=${state}&iss=${honestIssuer}`
      )

      assert.strictEqual(rejected, "redirect-uri-mismatch")
      assert.deepStrictEqual(app.sent, [])
    }))

  it.effect("an answer for one server's login is none of another's, though both share what is pending", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.honest.begin(to("honest"))

      const rejected = yield* app.complete(
        "evil",
        `${to("honest").redirectUri}?code=c&state=${state}&iss=${honestIssuer}`
      )

      assert.strictEqual(rejected, "issuer-mismatch")
      assert.deepStrictEqual(app.sent, [])
    }))

  it.effect("an error of another server is not believed to be this one's [9207-2.4-f] [9207-2-a]", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.evil.begin(to("evil"))

      const rejected = yield* app.complete(
        "evil",
        `${to("evil").redirectUri}?error=access_denied&state=${state}&iss=${honestIssuer}`
      )

      assert.strictEqual(rejected, "issuer-mismatch")
    }))

  it.effect("an answer is compared with the issuer as it was configured [9207-2.4-h]", () =>
    Effect.gen(function*() {
      const app = yield* application
      const { state } = yield* app.honest.begin(to("honest"))

      const accepted = yield* app.complete(
        "honest",
        `${to("honest").redirectUri}?code=c&state=${state}&iss=${honestIssuer}`
      )

      assert.strictEqual(accepted, "completed")
      assert.deepStrictEqual(app.sent, ["https://honest.example/token"])
    }))

  for (
    const [name, answer] of [
      ["two of them", `code=c&iss=${encodeURIComponent("https://honest.example")}&iss=https://evil.example`],
      ["one beside a token that names another", `code=c&iss=https://honest.example&id_token=e30.e30.e30`],
      ["one beside a whole answer that names another", `iss=https://honest.example&response=e30.e30.e30`]
    ] as const
  ) {
    it.effect(`issuers that may differ are not chosen between: ${name} [9207-4-d] [9207-2.4-l]`, () =>
      Effect.gen(function*() {
        const app = yield* application
        const { state } = yield* app.honest.begin(to("honest"))

        const rejected = yield* app.complete("honest", `${to("honest").redirectUri}?${answer}&state=${state}`)

        assert.include(["duplicate-parameter", "unsupported-response"], rejected)
        assert.deepStrictEqual(app.sent, [])
      }))
  }
})

const honestIssuer = encodeURIComponent("https://honest.example")

const to = (name: string): Login.Options => ({
  account: "ada",
  redirectUri: `https://app.example/callback/${name}`,
  scopes: []
})

/** An application with two servers, of which the honest one names itself in its answers, and one store of logins. */
const application = Effect.gen(function*() {
  const sent: Array<string> = []
  const http = TestHttp.layer(({ url }) =>
    Effect.sync(() => {
      sent.push(url)
      return TestHttp.json({ access_token: "a", token_type: "Bearer" })
    })
  )
  const pending = yield* Layer.build(PendingAuthorizations.layerMemory())
  const login = (name: string, issuer: "required" | "refused") =>
    Layer.build(
      Login.layerWith.pipe(
        Layer.provideMerge(TokenService.layerWith()),
        Layer.provide([
          TokenStore.layerMemory,
          Layer.succeedContext(pending),
          PushedAuthorization.layer,
          TokenEndpoint.layer,
          Revocation.layer
        ]),
        Layer.provide([
          AuthorizationServer.layer(AuthorizationServer.make({
            provider: name,
            issuer: `https://${name}.example`,
            authorizationEndpoint: `https://${name}.example/authorize`,
            tokenEndpoint: `https://${name}.example/token`,
            dialect: { authorization: { issuer } }
          })),
          ClientAuthentication.layerNone({ clientId: "app" }),
          TestCrypto.layer(),
          http
        ])
      )
    ).pipe(Effect.flatMap((context) => Effect.provideContext(Login.Login, context)))
  const logins = { honest: yield* login("honest", "required"), evil: yield* login("evil", "refused") }
  const begin = (name: "honest" | "evil") => (options: Login.Options) =>
    Effect.map(logins[name].begin(options), ({ state }) => ({ state: Redacted.value(state) }))
  return {
    sent,
    honest: { begin: begin("honest") },
    evil: { begin: begin("evil") },
    complete: (name: "honest" | "evil", answer: string) =>
      logins[name].complete(answer).pipe(
        Effect.match({
          onSuccess: () => "completed",
          onFailure: ({ reason }) => reason._tag === "CallbackRejected" ? reason.problem : reason._tag
        })
      )
  }
})
