import { AuthorizationServer, ClientAuthentication, Dialect, TokenEndpoint, TokenRequest } from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"

describe("Dialect", () => {
  describe("make", () => {
    it("is that of the RFCs without deviations", () => {
      assert.deepStrictEqual(Dialect.make({}), Dialect.rfc6749)
    })

    it("changes what deviates and leaves the rest of the leg", () => {
      const { refreshToken } = Dialect.make({ refreshToken: { scope: "granted" } })

      assert.deepStrictEqual(refreshToken, { ...Dialect.rfc6749.refreshToken, scope: "granted" })
    })

    it("takes a deviation that is undefined for none", () => {
      const dialect = Dialect.make({ authorization: { pkce: undefined }, response: undefined, revocation: undefined })

      assert.deepStrictEqual(dialect, Dialect.rfc6749)
    })

    it("deviates from another dialect where there is one", () => {
      const base = Dialect.make({ clientCredentials: { scopeSeparator: "," } })

      const { clientCredentials } = Dialect.make({ clientCredentials: { parameters: { audience: "api" } } }, base)

      assert.deepStrictEqual(clientCredentials, { parameters: { audience: "api" }, scopeSeparator: "," })
    })
  })

  describe("onTokens", () => {
    const tokens = { access_token: "a-1", token_type: "Bearer", refresh_token: "r-2" }

    it.effect("completes tokens before anybody is given them, by a request of its own", () =>
      Effect.gen(function*() {
        const { judgement, sent } = yield* exchanged(
          [tokens, { active: true }],
          (tokens, { grantType, send }) =>
            send({ endpoint: "introspection", field: "x", url: "https://as.test/look", parameters: [["token", "t"]] })
              .pipe(
                Effect.match({
                  onFailure: () => 0,
                  onSuccess: ({ status }) => status
                }),
                Effect.map((status) => ({
                  _tag: "Granted",
                  tokens: { ...tokens, kept: { grantType, status } }
                } as const))
              )
        )

        assert.deepStrictEqual(judgement._tag === "Granted" && judgement.tokens.kept, {
          grantType: "refresh_token",
          status: 200
        })
        assert.deepStrictEqual(sent, ["https://as.test/token", "https://as.test/look"])
      }))

    it.effect("keeps the refresh token, and releases nothing, where it throws", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchanged([tokens], () => {
          throw new Error("broken")
        })

        assert.strictEqual(judgement._tag, "Unusable")
        assert.strictEqual(
          judgement._tag === "Unusable" && judgement.refreshToken !== undefined &&
            Redacted.value(judgement.refreshToken),
          "r-2"
        )
      }))

    it.effect("keeps the refresh token, and releases nothing, where it comes to no end", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(exchanged([tokens], () => Effect.never))
        yield* TestClock.adjust("30 seconds")
        const { judgement } = yield* Fiber.join(fiber)

        assert.strictEqual(
          judgement._tag === "Unusable" && judgement.refreshToken !== undefined &&
            Redacted.value(judgement.refreshToken),
          "r-2"
        )
      }))

    it.effect("is not asked about an answer without tokens", () =>
      Effect.gen(function*() {
        const { judgement } = yield* exchanged([{ error: "invalid_scope" }], () => Effect.die("asked"))

        assert.strictEqual(judgement._tag, "Refused")
      }))
  })
})

/** One exchange with a server that answers these, and what is done with tokens. */
const exchanged = Effect.fnUntraced(function*(
  answers: ReadonlyArray<Schema.Json>,
  onTokens: NonNullable<Dialect.Dialect["onTokens"]>
) {
  const sent: Array<string> = []
  const http = TestHttp.layer((request) =>
    Effect.sync(() => {
      sent.push(request.url)
      return TestHttp.json(answers[sent.length - 1] ?? {})
    })
  )
  const server = AuthorizationServer.layer(
    AuthorizationServer.make({ provider: "test", tokenEndpoint: "https://as.test/token", dialect: { onTokens } })
  )
  const judgement = yield* Effect.flatMap(
    TokenEndpoint.TokenEndpoint,
    (endpoint) => endpoint.exchange(TokenRequest.refreshToken({ refreshToken: Redacted.make("r-1") }))
  ).pipe(Effect.provide(
    TokenEndpoint.layer.pipe(
      Layer.provide([server, ClientAuthentication.layerNone({ clientId: "app" }), http])
    )
  ))
  return { judgement, sent }
})
