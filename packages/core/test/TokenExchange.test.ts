import {
  AuthorizationServer,
  ClientAuthentication,
  type OAuthError,
  TokenEndpoint,
  TokenExchange,
  TokenRequest,
  TokenSource
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

const { TokenType } = TokenExchange

describe("TokenExchange", () => {
  describe("request", () => {
    it.effect("names the grant and the subject's token by its type [8693-2.1-a] [8693-2.1-e] [8693-2.1-g]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({ subject })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/token",
          headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
          body: "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=s+%C3%A9"
            + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&client_id=app"
        }])
      }))

    it.effect("sends the actor's token with its type [8693-2.1-f]", () =>
      Effect.gen(function*() {
        const actor = { token: Redacted.make("a"), type: TokenType.jwt }

        const sent = parametersOf((yield* exchange({ subject, actor })).requests)

        assert.deepStrictEqual([sent.get("actor_token"), sent.get("actor_token_type")], ["a", TokenType.jwt])
      }))

    it.effect("repeats resources and audiences, in order [8693-2.1-d] [8707-2-f]", () =>
      Effect.gen(function*() {
        const { requests } = yield* exchange({
          subject,
          resources: ["https://b.example/", "https://a.example"],
          audiences: ["two", "one"],
          scopes: ["x", "y"]
        })

        const sent = parametersOf(requests)
        assert.deepStrictEqual(sent.getAll("resource"), ["https://b.example/", "https://a.example"])
        assert.deepStrictEqual(sent.getAll("audience"), ["two", "one"])
        assert.strictEqual(sent.get("scope"), "x y")
      }))

    it.effect("passes types on that are not registered [8693-3-a]", () =>
      Effect.gen(function*() {
        const type = "https://as.example/types/badge"

        const { requests } = yield* exchange({ subject: { ...subject, type }, requested: type }, {
          issued_token_type: type
        })

        const sent = parametersOf(requests)
        assert.deepStrictEqual([sent.get("subject_token_type"), sent.get("requested_token_type")], [type, type])
      }))

    it("knows the types that are registered [8693-3-a]", () => {
      assert.deepStrictEqual(Object.values(TokenType), [
        "urn:ietf:params:oauth:token-type:access_token",
        "urn:ietf:params:oauth:token-type:refresh_token",
        "urn:ietf:params:oauth:token-type:id_token",
        "urn:ietf:params:oauth:token-type:saml1",
        "urn:ietf:params:oauth:token-type:saml2",
        "urn:ietf:params:oauth:token-type:jwt"
      ])
    })

    const methods: Record<string, readonly [ClientAuthentication.Made, string | undefined, string]> = {
      post: [
        ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") }),
        undefined,
        "client_secret=s"
      ],
      basic: [
        ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s") }),
        `Basic ${btoa("app:s")}`,
        "access_token"
      ]
    }
    for (const [name, [made, authorization, end]] of Object.entries(methods)) {
      it.effect(`authenticates by ${name}, as at the token endpoint [8693-2.1-h]`, () =>
        Effect.gen(function*() {
          const { requests } = yield* exchange({ subject }, {}, made)

          assert.strictEqual(requests[0]?.headers["authorization"], authorization)
          assert.isTrue(requests[0]?.body.endsWith(end), requests[0]?.body)
        }))
    }

    const refused: Record<string, readonly [Partial<TokenExchange.Options>, string]> = {
      "a resource that is a path [8693-2.1-b]": [{ resources: ["/api"] }, "resources"],
      "a resource with a fragment [8693-2.1-c]": [{ resources: ["https://rs.example#x"] }, "resources"],
      "a type that is no URI": [{ requested: "access_token" }, "requested"],
      "a subject's type that is no URI": [{ subject: { token: Redacted.make("s"), type: "jwt" } }, "subject.type"],
      "an actor's type that is empty": [{ actor: { token: Redacted.make("s"), type: "" } }, "actor.type"]
    }
    for (const [name, [options, field]] of Object.entries(refused)) {
      it.effect(`refuses ${name}, and sends nothing`, () =>
        Effect.gen(function*() {
          const { layer, requests } = setting(() => Effect.succeed(issued({})))

          const error = yield* Effect.flip(Effect.provide(TokenExchange.exchange({ subject, ...options }), layer))

          assert.strictEqual(words(error.reason), `ConfigurationInvalid ${field}`)
          assert.lengthOf(requests, 0)
        }))
    }

    it("keeps the tokens out of strings", () => {
      const presented = { token: Redacted.make(canary), type: TokenType.jwt }

      assert.deepStrictEqual(leaks(TokenExchange.request({ subject: presented, actor: presented })), [])
    })
  })

  describe("exchange", () => {
    it.effect("tells what was issued [8693-2.2.1-c] [8693-2.2.1-d]", () =>
      Effect.gen(function*() {
        const { exchanged } = yield* exchange({ subject }, {
          issued_token_type: TokenType.jwt,
          expires_in: 60,
          refresh_token: "r",
          scope: "a b"
        })

        assert.strictEqual(exchanged._tag, "AccessToken")
        assert.strictEqual(exchanged.type, TokenType.jwt)
        const tokens = exchanged._tag === "AccessToken" ? exchanged.tokens : undefined
        assert.deepStrictEqual([tokens?.scopes, tokens?.expiresIn, tokens?.refreshToken], [
          ["a", "b"],
          Duration.minutes(1),
          Redacted.make("r")
        ])
      }))

    it.effect("does without lifetime, scope and refresh token [8693-2.2.1-d]", () =>
      Effect.gen(function*() {
        const { exchanged } = yield* exchange({ subject })

        const tokens = exchanged._tag === "AccessToken" ? exchanged.tokens : undefined
        assert.deepStrictEqual([tokens?.scopes, tokens?.expiresIn, tokens?.refreshToken], [
          undefined,
          undefined,
          undefined
        ])
      }))

    it.effect("gives what is no access token no way into a request [8693-2.2.1-b]", () =>
      Effect.gen(function*() {
        const { exchanged } = yield* exchange({ subject }, {
          access_token: "<saml:Assertion Version=\"2.0\"/>",
          token_type: "N_A",
          issued_token_type: TokenType.saml2
        })

        assert.deepStrictEqual(exchanged, {
          _tag: "OtherToken",
          type: TokenType.saml2,
          issued: { token: Redacted.make("<saml:Assertion Version=\"2.0\"/>"), receivedAt: 0 }
        })
        assert.notProperty(exchanged, "tokens")
      }))

    const answers: Record<string, readonly [object, string]> = {
      "no access token [8693-2.2.1-a]": [{ access_token: undefined }, "ResponseInvalid missing access_token"],
      "no type of what was issued [8693-2.2.1-a]": [
        { issued_token_type: undefined },
        "ResponseInvalid missing issued_token_type"
      ],
      "an issued type that is a number": [{ issued_token_type: 1 }, "ResponseInvalid wrong-type issued_token_type"],
      "an issued type with an escape": [
        { issued_token_type: "urn:\u001b[2J" },
        "ResponseInvalid out-of-range issued_token_type"
      ],
      "no token type [8693-2.2.1-a]": [{ token_type: undefined }, "ResponseInvalid missing token_type"],
      "a token type of no vocabulary": [{ token_type: "mac" }, "TokenTypeUnsupported"]
    }
    for (const [name, [change, expected]] of Object.entries(answers)) {
      it.effect(`fails: ${name}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(exchange({ subject }, change))

          assert.strictEqual(words(error.reason), expected)
        }))
    }

    it.effect("refuses another type than was asked for [8693-2.2.1-c]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(exchange({ subject, requested: TokenType.idToken }))

        assert.strictEqual(words(error.reason), "ResponseInvalid mismatch issued_token_type")
      }))

    for (const code of ["invalid_request", "invalid_target"]) {
      it.effect(`tells what the server refuses: ${code} [8693-2.2.2-a] [8707-2-g]`, () =>
        Effect.gen(function*() {
          const { layer } = setting(() => Effect.sync(() => json({ error: code }, { status: 400 })))

          const error = yield* Effect.flip(Effect.provide(TokenExchange.exchange({ subject }), layer))

          assert.strictEqual(words(error.reason), `RequestRefused ${code}`)
        }))
    }

    it.effect("sends no token by plain http [8693-6-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting(() => Effect.succeed(issued({})), {
          tokenEndpoint: "http://as.example/token"
        })

        const error = yield* Effect.flip(Effect.provide(TokenExchange.exchange({ subject }), layer))

        assert.strictEqual(words(error.reason), "ConfigurationInvalid tokenEndpoint")
        assert.lengthOf(requests, 0)
      }))

    it.effect("is what makes N_A a token type: no other grant knows it [8693-2.2.1-b]", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.succeed(issued({ token_type: "N_A" })), {}, confidential)

        const error = yield* TokenEndpoint.TokenEndpoint.use((_) => _.request(TokenRequest.clientCredentials())).pipe(
          Effect.flip,
          Effect.provide(layer)
        )

        assert.strictEqual(words(error.reason), "TokenTypeUnsupported")
      }))
  })

  describe("source", () => {
    it.effect("exchanges once while the token lasts, and again with the subject's token of then", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting((_, count) =>
          Effect.sync(() => issued({ access_token: `t${count}`, expires_in: 60 }))
        )
        let subjects = 0

        const seen = yield* Effect.gen(function*() {
          const source = yield* TokenExchange.source(Effect.sync(() => ({
            subject: { token: Redacted.make(`s${++subjects}`), type: TokenType.accessToken }
          })))
          const first = [yield* source.token, yield* source.token]
          yield* TestClock.adjust("1 minute")
          return [...first, yield* source.token].map(({ value }) => Redacted.value(value))
        }).pipe(Effect.provide(layer), Effect.scoped)

        assert.deepStrictEqual(seen, ["t1", "t1", "t2"])
        assert.deepStrictEqual(requests.map((request) => parametersOf([request]).get("subject_token")), ["s1", "s2"])
      }))

    it.effect("exchanges again for a token that the API refused, and spends nothing by it", () =>
      Effect.gen(function*() {
        const { layer } = setting((_, count) => Effect.sync(() => issued({ access_token: `t${count}` })))

        const next = yield* Effect.gen(function*() {
          const source = yield* TokenExchange.source(Effect.succeed({ subject }))
          return yield* source.refused(yield* source.token)
        }).pipe(Effect.provide(layer), Effect.scoped)

        assert.strictEqual(Redacted.value(next.value), "t2")
      }))

    it.effect("gives nothing that is no access token [8693-2.2.1-b]", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.sync(() => issued({ token_type: "N_A" })))

        const error = yield* Effect.flatMap(TokenExchange.source(Effect.succeed({ subject })), ({ token }) => token)
          .pipe(
            Effect.flip,
            Effect.provide(layer),
            Effect.scoped
          )

        assert.strictEqual(words(error.reason), "ResponseInvalid mismatch token_type")
      }))
  })

  it.effect("TokenSource gives nothing that is no access token, however it was got [8693-2.2.1-b]", () =>
    Effect.gen(function*() {
      const tokens = { accessToken: Redacted.make("x"), tokenType: "N_A", receivedAt: 0 }

      const error = yield* Effect.flatMap(TokenSource.reuse(Effect.succeed(tokens)), ({ token }) => token).pipe(
        Effect.flip,
        Effect.scoped
      )

      assert.strictEqual(words(error.reason), "TokenTypeUnsupported")
    }))
})

const subject: TokenExchange.Presented = { token: Redacted.make("s é"), type: TokenType.accessToken }

const confidential = ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") })

const issued = (change: object): Response =>
  json({ access_token: "t", issued_token_type: TokenType.accessToken, token_type: "Bearer", ...change })

const setting = (
  handler: Handler,
  server: Partial<AuthorizationServer.AuthorizationServer["Service"]> = {},
  authentication: ClientAuthentication.Made = ClientAuthentication.none({ clientId: "app" })
) => {
  const http = recording(handler)
  const made = AuthorizationServer.make({ provider: "acme", tokenEndpoint: "https://as.example/token" })
  const layer = TokenEndpoint.layer.pipe(Layer.provide([
    http.layer,
    ClientAuthentication.layer(authentication),
    Layer.succeed(AuthorizationServer.AuthorizationServer, { ...Result.getOrThrow(made), ...server })
  ]))
  return { layer, requests: http.requests }
}

const exchange = (options: TokenExchange.Options, change: object = {}, authentication?: ClientAuthentication.Made) =>
  Effect.gen(function*() {
    const { layer, requests } = setting(() => Effect.sync(() => issued(change)), {}, authentication)
    const exchanged = yield* Effect.provide(TokenExchange.exchange(options), layer)
    return { exchanged, requests }
  })

const parametersOf = (requests: ReadonlyArray<{ readonly body: string }>): URLSearchParams =>
  new URLSearchParams(requests[0]?.body)

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [
    reason._tag,
    "problem" in reason && reason._tag !== "ConfigurationInvalid" ? reason.problem : undefined,
    "field" in reason ? reason.field : undefined,
    "code" in reason ? String(reason.code) : undefined
  ].filter((word) => word !== undefined).join(" ")
