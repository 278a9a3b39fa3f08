/** Answers to logins that the server signs (JARM). */
import {
  AuthorizationResponse,
  AuthorizationServer,
  ClientAuthentication,
  JwtVerifier,
  Login,
  type OAuthError
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import * as App from "../support/App.ts"

describe("A signed answer to a login", () => {
  for (const mode of ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] as const) {
    it.effect(`completes it, by ${mode}`, () =>
      withApp({ responseMode: mode }, ({ answer, begun, login }) =>
        Effect.gen(function*() {
          const arrived = mode === "form_post.jwt" ? new URL(answer).search.slice(1) : answer

          const { key } = yield* login.complete(arrived)

          assert.strictEqual(new URL(begun.url).searchParams.get("response_mode"), mode)
          assert.strictEqual(key.account, "ada")
        })))
  }

  it.effect("needs no issuer of the plain kind, whatever the metadata says of that", () =>
    withApp({ responseMode: "jwt", issuer: "refused" }, ({ answer, login }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* login.complete(answer)).key.account, "ada")
      })))

  it.effect("may hold elements that nobody knows [JARM-2.1-a]", () =>
    withApp({}, ({ forge, login }) =>
      Effect.gen(function*() {
        const { parameters } = yield* login.complete(yield* forge({ vendor: "x", nested: { a: 1 }, list: [1] }))

        assert.deepStrictEqual([...parameters], [["vendor", "x"]])
      })))

  const broken: Record<string, readonly [Readonly<Record<string, Schema.Json | undefined>>, string]> = {
    "another issuer [JARM-2.4-a]": [{ iss: "https://evil.test" }, "iss"],
    "no issuer [JARM-2.4-a]": [{ iss: undefined }, "iss"],
    "another audience [JARM-2.4-b]": [{ aud: "another" }, "aud"],
    "an audience beside the client [JARM-2.4-b]": [{ aud: ["test-client", "another"] }, "aud"],
    "no audience [JARM-2.4-b]": [{ aud: undefined }, "aud"],
    "an end that has passed [JARM-2.4-c]": [{ exp: start / 1000 }, "exp"],
    "no end [JARM-2.4-c]": [{ exp: undefined }, "exp"],
    "an end that is text [JARM-2.4-c]": [{ exp: String(start) }, "exp"],
    "a beginning that is to come": [{ nbf: start / 1000 + 600 }, "nbf"]
  }
  for (const [name, [claims, rule]] of Object.entries(broken)) {
    it.effect(`is not believed with ${name}, and no token is asked for [JARM-2.4-f]`, () =>
      withApp({}, ({ forge, login, tokenRequests }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(login.complete(yield* forge(claims)))

          assert.strictEqual(ruleOf(error), `JwtInvalid authorization-response ${rule}`)
          assert.strictEqual(yield* tokenRequests, 0)
        })))
  }

  it.effect("is not believed when it is signed by another key [JARM-2.4-d] [JARM-2.4-f]", () =>
    withApp({}, ({ forge, login, tokenRequests }) =>
      Effect.gen(function*() {
        const stranger = yield* TestSigner.make()

        const error = yield* Effect.flip(login.complete(yield* forge({}, stranger)))

        assert.include(["JwtInvalid authorization-response signature"], ruleOf(error))
        assert.strictEqual(yield* tokenRequests, 0)
      })))

  it.effect("is not believed when a letter of it was changed [JARM-2.4-d]", () =>
    withApp({}, ({ forge, login }) =>
      Effect.gen(function*() {
        const url = new URL(yield* forge({}))
        const [head = "", body = "", signature = ""] = (url.searchParams.get("response") ?? "").split(".")
        const claims = { ...jose.decodeJwt(`${head}.${body}.${signature}`), code: "another" }
        url.searchParams.set("response", [head, jose.base64url.encode(JSON.stringify(claims)), signature].join("."))

        const error = yield* Effect.flip(login.complete(url.href))

        assert.strictEqual(ruleOf(error), "JwtInvalid authorization-response signature")
      })))

  for (
    const [name, header] of [["none", { alg: "none" }], ["an algorithm that was not agreed", { alg: "HS256" }]] as const
  ) {
    it.effect(`is not believed with ${name} [JARM-2.4-e]`, () =>
      withApp({}, ({ claims, login, respond }) =>
        Effect.gen(function*() {
          const [head, body] = [header, claims].map((part) => jose.base64url.encode(JSON.stringify(part)))

          const error = yield* Effect.flip(login.complete(respond(`${head}.${body}.`)))

          assert.include(["alg", "format"].map((rule) => `JwtInvalid authorization-response ${rule}`), ruleOf(error))
        })))
  }

  it.effect("is not believed when it is another token of the server", () =>
    withApp({}, ({ claims, login, respond, signer }) =>
      Effect.gen(function*() {
        const logout = yield* signer.signWith(claims, { typ: "logout+jwt" })

        const error = yield* Effect.flip(login.complete(respond(logout)))

        assert.strictEqual(ruleOf(error), "JwtInvalid authorization-response typ")
      })))

  it.effect("of another issuer has no key asked for [JARM-5.1-a]", () =>
    Effect.gen(function*() {
      const { requests, verify } = yield* verifier()
      const signer = yield* TestSigner.make()
      const token = yield* signer.sign({ iss: "https://evil.test", aud: "app", exp: start / 1000 + 60 })

      const error = yield* Effect.flip(verify(token))

      assert.strictEqual(ruleOf(error), "JwtInvalid authorization-response iss")
      assert.lengthOf(requests, 0)
    }))

  it.effect("is verified by the keys of the metadata [JARM-2.4-g]", () =>
    Effect.gen(function*() {
      const { requests, signer, verify } = yield* verifier()

      const claims = yield* verify(yield* signer.sign({ iss: "https://op.test", aud: "app", exp: start / 1000 + 60 }))

      assert.strictEqual(claims["aud"], "app")
      assert.deepStrictEqual(requests, ["https://op.test/jwks"])
    }))

  it.effect("that is encrypted is opened, where that was agreed, and one that is not is refused", () =>
    Effect.gen(function*() {
      const pair = yield* Effect.promise(() => jose.generateKeyPair("ECDH-ES", { extractable: true }))
      const privateJwk = yield* Effect.promise(() => jose.exportJWK(pair.privateKey))
      const { signer, verify } = yield* verifier({
        authorizationResponseDecryption: {
          keys: [Redacted.make(Object(privateJwk))],
          keyManagement: ["ECDH-ES"],
          contentEncryption: ["A256GCM"]
        }
      })
      const plain = yield* signer.sign({ iss: "https://op.test", aud: "app", exp: start / 1000 + 60 })
      const sealed = yield* Effect.promise(() =>
        new jose.CompactEncrypt(new TextEncoder().encode(plain))
          .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", cty: "JWT" })
          .encrypt(pair.publicKey)
      )

      const claims = yield* verify(sealed)
      const error = yield* Effect.flip(verify(plain))

      assert.strictEqual(claims["aud"], "app")
      assert.strictEqual(ruleOf(error), "JwtInvalid authorization-response encryption")
    }))

  it.effect("may be an error, which is the server's word then", () =>
    withApp({}, ({ forge, login }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login.complete(
          yield* forge({ code: undefined, error: "access_denied", error_description: "no\nway" })
        ))

        assert.strictEqual(ruleOf(error), "AuthorizationRefused access_denied")
      })))

  it.effect("with the state of another login completes nothing", () =>
    withApp({}, ({ forge, login, tokenRequests }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login.complete(yield* forge({ state: "another" })))

        assert.strictEqual(ruleOf(error), "CallbackRejected no-pending-authorization")
        assert.strictEqual(yield* tokenRequests, 0)
      })))

  for (
    const [name, claims] of Object.entries<Readonly<Record<string, Schema.Json>>>({
      "a code that is a number": { code: 7 },
      "a state that is a list": { state: ["s"] },
      "a code with a line break": { code: "a\nb" }
    })
  ) {
    it.effect(`is refused with ${name}`, () =>
      withApp({}, ({ forge, login }) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(login.complete(yield* forge(claims)))

          assert.strictEqual(ruleOf(error), "CallbackRejected malformed")
        })))
  }

  it.effect("counts once", () =>
    withApp({}, ({ answer, login }) =>
      Effect.gen(function*() {
        yield* login.complete(answer)

        const error = yield* Effect.flip(login.complete(answer))

        assert.strictEqual(ruleOf(error), "CallbackRejected no-pending-authorization")
      })))

  it.effect("cannot be replaced by one that is not signed", () =>
    withApp({}, ({ begun, login, tokenRequests }) =>
      Effect.gen(function*() {
        const plain = `https://app.test/callback?code=stolen&state=${Redacted.value(begun.state)}&iss=https://as.test`

        const error = yield* Effect.flip(login.complete(plain))

        assert.strictEqual(ruleOf(error), "CallbackRejected response-unsigned")
        assert.strictEqual(yield* tokenRequests, 0)
      })))

  it.effect("is refused where none was asked for", () =>
    withApp({ responseMode: "plain" }, ({ forge, login }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login.complete(yield* forge({})))

        assert.strictEqual(ruleOf(error), "CallbackRejected unsupported-response")
      })))

  it.effect("is not mixed with parameters beside it", () =>
    withApp({}, ({ answer, begun, login }) =>
      Effect.gen(function*() {
        const both = `${answer}&code=x&state=${Redacted.value(begun.state)}`

        assert.strictEqual(ruleOf(yield* Effect.flip(login.complete(both))), "CallbackRejected unsupported-response")
      })))

  it.effect("is not believed beside an iss that may be another's [9207-4-d] [9207-2.4-l]", () =>
    withApp({}, ({ answer, login, tokenRequests }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login.complete(`${answer}&iss=https%3A%2F%2Fevil.test`))

        assert.strictEqual(ruleOf(error), "CallbackRejected unsupported-response")
        assert.strictEqual(yield* tokenRequests, 0)
      })))

  it.effect("is not asked for without a verifier", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Login.Login.use((login) => login.begin(ada)))

      assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "JwtVerifier")
    }).pipe(Effect.provide(App.layer({ dialect: { authorization: { responseMode: "jwt" } } }))))

  it("shows its state, unverified, to find out whose login it answers", () => {
    const token = ["{}", JSON.stringify({ state: "s3" }), "x"].map((part) => jose.base64url.encode(part)).join(".")
    const shown = (query: string) =>
      Option.map(Option.fromUndefinedOr(AuthorizationResponse.shownState(query)), Redacted.value)

    assert.deepStrictEqual(
      [`response=${token}`, "state=s4&code=c", "response=x", "response=e30.e30.x", "code=c"].map(shown),
      [Option.some("s3"), Option.some("s4"), Option.none(), Option.none(), Option.none()]
    )
  })
})

const start = Date.UTC(2030, 0, 1)

const ada: Login.Options = { account: "ada", redirectUri: "https://app.test/callback", scopes: ["read"] }

interface World {
  readonly login: Login.Login["Service"]
  readonly signer: TestSigner.TestSigner
  readonly begun: Login.Begun
  /** The server's own answer. */
  readonly answer: string
  /** What it says. */
  readonly claims: Readonly<Record<string, Schema.Json>>
  /** The answer with other claims, signed by the server or by another. */
  readonly forge: (
    changes: Readonly<Record<string, Schema.Json | undefined>>,
    signer?: TestSigner.TestSigner
  ) => Effect.Effect<string>
  readonly respond: (token: string) => string
  readonly tokenRequests: Effect.Effect<number>
}

const withApp = <A, E>(
  authorization: NonNullable<NonNullable<TestAuthorizationServer.Options["dialect"]>["authorization"]>,
  run: (world: World) => Effect.Effect<A, E>
) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(start)
    const signer = yield* TestSigner.make()
    const options = {
      openid: { signer },
      dialect: { authorization: { responseMode: "jwt", ...authorization } }
    } as const
    const server = TestAuthorizationServer.layer(options)
    const verifying = IdToken.layer().pipe(Layer.provide(Jwks.layer()), Layer.provide(server))
    return yield* Effect.gen(function*() {
      const login = yield* Login.Login
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const begun = yield* login.begin(ada)
      const answer = yield* server.authorize(begun.url)
      const { hash, searchParams } = new URL(answer)
      const token = searchParams.get("response") ?? new URLSearchParams(hash.slice(1)).get("response")
      const claims = token === null
        ? {
          iss: "https://as.test",
          aud: "test-client",
          exp: start / 1000 + 60,
          code: "c",
          state: Redacted.value(begun.state)
        }
        : jose.decodeJwt<Readonly<Record<string, Schema.Json>>>(token)
      const respond = (token: string) => `https://app.test/callback?response=${token}`
      return yield* run({
        login,
        signer,
        begun,
        answer,
        claims: Object(claims),
        respond,
        forge: (changes, by = signer) =>
          Effect.map(
            by.sign(JSON.parse(JSON.stringify({ ...claims, ...changes }))),
            respond
          ),
        tokenRequests: Effect.map(
          server.exchanges,
          (all) => all.filter(({ endpoint }) => endpoint === "token").length
        )
      })
    }).pipe(Effect.provide(App.layer(options).pipe(Layer.provide(verifying))))
  })

/** The verifier of a client of a server, and what it asked for. */
const verifier = Effect.fnUntraced(function*(options: IdToken.Options = {}) {
  yield* TestClock.setTime(start)
  const signer = yield* TestSigner.make()
  const requests: Array<string> = []
  const http = TestHttp.layer(({ url }) => {
    requests.push(url)
    return Effect.map(signer.jwks, (set) => TestHttp.json(set))
  })
  const parts = yield* Layer.build(IdToken.layer(options).pipe(Layer.provide(client(http))))
  const made = Context.get(parts, JwtVerifier.JwtVerifier)
  return {
    signer,
    requests,
    verify: (token: string): Effect.Effect<Schema.JsonObject, OAuthError.OAuthError> =>
      made.authorizationResponse(Redacted.make(token))
  }
})

const client = (http: ReturnType<typeof TestHttp.layer>) =>
  Jwks.layer().pipe(
    Layer.provideMerge(Layer.mergeAll(
      http,
      ClientAuthentication.layerNone({ clientId: "app" }),
      AuthorizationServer.layer(AuthorizationServer.make({
        provider: "test",
        issuer: "https://op.test",
        tokenEndpoint: "https://op.test/token",
        jwksUri: "https://op.test/jwks",
        authorizationResponseAlgorithms: ["ES256"]
      }))
    ))
  )

const ruleOf = ({ reason }: OAuthError.OAuthError): string => {
  switch (reason._tag) {
    case "JwtInvalid":
      return `${reason._tag} ${reason.jwt} ${reason.rule}`
    case "CallbackRejected":
      return `${reason._tag} ${reason.problem}`
    case "AuthorizationRefused":
      return `${reason._tag} ${reason.code}`
    default:
      return reason._tag
  }
}
