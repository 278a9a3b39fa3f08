import {
  AuthorizationRequest,
  AuthorizationServer,
  Login,
  type OAuthError,
  RequestReferences,
  RequestSigner,
  ServerMetadata,
  type TokenRequest,
  TokenService
} from "@effect-oauth/core"
import { Jwks, RequestObject, type SigningKey } from "@effect-oauth/core/jose"
import { TestAuthorizationServer, TestClient, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import { generateKeyPairSync } from "node:crypto"
import * as App from "../support/App.ts"
import * as Log from "../support/log.ts"
import { canary, leaks } from "../support/secrets.ts"

describe("RequestObject", () => {
  describe("sign", () => {
    it.effect("puts every parameter into the object, with JSON's types [9101-4-a] [9101-4-b]", () =>
      Effect.gen(function*() {
        const claims = yield* signed([
          ...parameters,
          ["max_age", "300"],
          ["claims", "{\"id_token\":{\"email\":null}}"],
          ["authorization_details", "[{\"type\":\"payment\"}]"],
          ["resource", "urn:a"],
          ["resource", "urn:b"],
          ["login_hint", "José 12"]
        ])

        const { aud: _, exp: __, iat: ___, iss: ____, jti: _____, ...sent } = claims
        assert.deepStrictEqual(sent, {
          response_type: "code",
          client_id: "app",
          state: "s3",
          max_age: 300,
          claims: { id_token: { email: null } },
          authorization_details: [{ type: "payment" }],
          resource: ["urn:a", "urn:b"],
          login_hint: "José 12"
        })
      }))

    it.effect("says who wrote it, for whom, for how long, and by a name of its own [9101-4-c]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2030, 0, 1))

        const [one, other] = [yield* signed(parameters), yield* signed(parameters)]

        const now = Date.UTC(2030, 0, 1) / 1000
        assert.deepStrictEqual([one.iss, one.aud, one.iat, one.exp, one.sub], [
          "app",
          "https://as.example",
          now,
          now + 300,
          undefined
        ])
        assert.notStrictEqual(one.jti, other.jti)
      }))

    it.effect("says its type [9101-4-f]", () =>
      Effect.gen(function*() {
        const object = yield* sign(parameters)

        assert.deepStrictEqual(jose.decodeProtectedHeader(object), {
          alg: "ES256",
          typ: "oauth-authz-req+jwt",
          kid: "k1"
        })
      }))

    for (const name of ["request", "request_uri"]) {
      it.effect(`puts no ${name} into an object [9101-4-e] [OIDC-6-a]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(sign([...parameters, [name, "x"]]))

          assert.strictEqual(wordsOf(error), "ConfigurationInvalid parameters")
        }))
    }

    it.effect("needs to know whose request it is", () =>
      Effect.gen(function*() {
        assert.strictEqual(wordsOf(yield* Effect.flip(sign([["state", "s"]]))), "ConfigurationInvalid parameters")
      }))

    it.effect("signs first, then encrypts for the server's key [9101-4-d] [9101-11.2.1-a] [OIDC-10-a]", () =>
      Effect.gen(function*() {
        const object = yield* sign(parameters, { encryption: { keyManagement: "ECDH-ES", key: encryptionJwk } })

        const inner = yield* Effect.promise(() => jose.compactDecrypt(object, decryptionKey))
        const claims = yield* verify(new TextDecoder().decode(inner.plaintext))
        assert.strictEqual(claims["client_id"], "app")
        assert.deepStrictEqual(
          [inner.protectedHeader.alg, inner.protectedHeader.enc, inner.protectedHeader.cty],
          ["ECDH-ES", "A256GCM", "oauth-authz-req+jwt"]
        )
      }))

    it.effect("takes the key from the server's set, and names it [OIDC-10.2-a]", () =>
      Effect.gen(function*() {
        const keys = [{ ...verificationJwk, use: "sig" }, { ...encryptionJwk, kid: "e1", use: "enc" }]

        const object = yield* sign(parameters, { encryption: { keyManagement: "ECDH-ES+A128KW" } }, {}, { keys })

        assert.strictEqual(jose.decodeProtectedHeader(object).kid, "e1")
      }))

    it.effect("encrypts for no key that is there to verify [OIDC-10.2-a]", () =>
      Effect.gen(function*() {
        const keys = [{ ...verificationJwk, use: "sig" }, { kty: "RSA", n: "AQAB", e: "AQAB", use: "enc" }]

        const error = yield* Effect.flip(
          sign(parameters, { encryption: { keyManagement: "ECDH-ES" } }, {}, { keys })
        )

        assert.strictEqual(wordsOf(error), "ConfigurationInvalid encryption.key")
      }))

    const unusable: Record<
      string,
      readonly [Partial<RequestObject.Options>, Partial<AuthorizationServer.Options>, string]
    > = {
      "an algorithm that does not sign [9101-10.1-a]": [
        // as JavaScript would have it
        { key: Object({ jwk: Redacted.make(jwk), algorithm: "none" }) },
        {},
        "algorithm"
      ],
      "an algorithm that the server does not list": [{}, { requestObjectAlgorithms: ["PS256"] }, "algorithm"],
      "a public key": [{ key: { jwk: Redacted.make(verificationJwk) } }, {}, "key"],
      "a server without an issuer": [{}, { issuer: undefined }, "issuer"],
      "a day": [{ lifetime: "1 day" }, {}, "lifetime"],
      "an hour of skew": [{ skew: "1 hour" }, {}, "skew"],
      "encryption that the server does not list [OIDC-10.2-a]": [
        { encryption: { keyManagement: "ECDH-ES", key: {} } },
        { requestObjectEncryptionAlgorithms: ["RSA-OAEP-256"] },
        "encryption.keyManagement"
      ],
      "a content encryption that the server does not list [OIDC-10.2-a]": [
        { encryption: { keyManagement: "ECDH-ES", key: {} } },
        { requestObjectEncryptionMethods: ["A128GCM"] },
        "encryption.contentEncryption"
      ]
    }
    for (const [name, [options, server, field]] of Object.entries(unusable)) {
      it.effect(`is not made with ${name}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(sign(parameters, options, server))

          assert.strictEqual(wordsOf(error), `ConfigurationInvalid ${field}`)
        }))
    }

    it.effect("keeps the key and the request out of errors", () =>
      Effect.gen(function*() {
        const broken = { kty: "EC", crv: "P-256", x: canary, y: canary, d: canary, alg: "ES256" }

        const signing = yield* Effect.flip(sign(parameters, { key: { jwk: Redacted.make(broken) } }))
        const sealing = yield* Effect.flip(
          sign([...parameters, ["login_hint", canary]], {
            encryption: { keyManagement: "ECDH-ES", key: { kty: "EC" } }
          })
        )

        assert.deepStrictEqual([signing, sealing].map(({ reason }) => reason._tag), [
          "KeyUnavailable",
          "KeyUnavailable"
        ])
        assert.deepStrictEqual([...leaks(signing), ...leaks(sealing)], [])
      }))
  })

  describe("in an address", () => {
    const address = (object: AuthorizationRequest.RequestObject, scope = "read") =>
      AuthorizationRequest.signed("https://as.example/authorize?tenant=1", [...parameters, ["scope", scope]], object)
    const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams)

    it("stands with the client's name, and nothing else [9101-5-b] [9101-5-c]", () => {
      const url = Result.getOrThrow(address({ request: Redacted.make("a.b.c") }))

      assert.deepStrictEqual(parametersOf(url), { tenant: "1", client_id: "app", request: "a.b.c" })
    })

    it("has for OpenID Connect what its servers demand beside it [OIDC-6.1-a]", () => {
      const url = Result.getOrThrow(address({ request: Redacted.make("a.b.c") }, "openid email"))

      assert.deepStrictEqual(parametersOf(url), {
        tenant: "1",
        client_id: "app",
        response_type: "code",
        scope: "openid email",
        request: "a.b.c"
      })
    })

    it("goes by reference instead [9101-5-a] [9101-5.2-b]", () => {
      const urls = ["https://app.example/r/1", "urn:ietf:params:oauth:request_uri:1"].map((requestUri) =>
        Result.getOrThrow(address({ requestUri }))
      )

      assert.deepStrictEqual(urls.map((url) => new URL(url).searchParams.get("request_uri")), [
        "https://app.example/r/1",
        "urn:ietf:params:oauth:request_uri:1"
      ])
      assert.isFalse(urls.some((url) => new URL(url).searchParams.has("request")))
    })

    const wrong: Record<string, string> = {
      "of 513 characters [9101-5.2-a] [OIDC-6.2-a]": `https://app.example/${"x".repeat(493)}`,
      "that is not ASCII [9101-5.2-a]": "https://app.example/é",
      "by plain http [9101-5.2-b] [OIDC-6.2-a]": "http://app.example/r/1",
      "that is a path [9101-5.2-b]": "/r/1",
      "of another scheme [9101-5.2-b]": "ftp://app.example/r"
    }
    for (const [name, requestUri] of Object.entries(wrong)) {
      it(`refuses a reference ${name}`, () => {
        const made = address({ requestUri })

        assert.strictEqual(made._tag === "Failure" ? wordsOf(made.failure) : "", "ConfigurationInvalid requestUri")
      })
    }
  })

  describe("in a login", () => {
    it.effect("is what the server believes, and the login completes [9101-4-a] [9101-5-c]", () =>
      Effect.gen(function*() {
        const login = yield* Login.Login
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const begun = yield* login.begin(ada)

        const { key } = yield* login.complete(yield* server.authorize(begun.url))

        const status = yield* TokenService.TokenService.use((service) => service.status(key))
        assert.deepStrictEqual([...new URL(begun.url).searchParams.keys()], ["client_id", "request"])
        assert.strictEqual(Option.getOrThrow(status).state._tag, "Active")
      }).pipe(Effect.provide(app())))

    it.effect("cannot be altered on the way [9396-12-a]", () =>
      Effect.gen(function*() {
        const login = yield* Login.Login
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const begun = yield* login.begin(ada)
        const url = new URL(begun.url)
        const [head = "", body = "", signature = ""] = (url.searchParams.get("request") ?? "").split(".")
        const claims = { ...jose.decodeJwt(`${head}.${body}.${signature}`), scope: "write" }
        const forged = [head, jose.base64url.encode(JSON.stringify(claims)), signature].join(".")
        url.searchParams.set("request", forged)

        const refused = yield* Effect.flip(server.authorize(url.href))

        assert.strictEqual(refused.problem, "the signature does not hold")
      }).pipe(Effect.provide(app())))

    it.effect("is pushed with what proves the client, and nothing else [9126-3-a]", () =>
      Effect.gen(function*() {
        const login = yield* Login.Login
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const begun = yield* login.begin(ada)

        const completed = yield* login.complete(yield* server.authorize(begun.url))

        const [pushed] = yield* server.exchanges
        assert.strictEqual(pushed?.endpoint, "pushed-authorization-request")
        assert.deepStrictEqual(Object.keys(pushed?.parameters ?? {}).sort(), ["client_id", "request"])
        assert.match(pushed?.headers["authorization"] ?? "", /^Basic /)
        assert.deepStrictEqual([...new URL(begun.url).searchParams.keys()], ["client_id", "request_uri"])
        assert.strictEqual(completed.key.account, "ada")
      }).pipe(Effect.provide(app({ pushedRequests: "required" }))))

    it.effect("is another one each time", () =>
      Effect.gen(function*() {
        const begun = yield* Login.Login.use((login) => login.begin(ada))

        const again = yield* begun.again

        assert.notStrictEqual(again.url, begun.url)
        assert.strictEqual(Redacted.value(again.state), Redacted.value(begun.state))
      }).pipe(Effect.provide(app())))

    it.effect("is what a server that requires it gets, or nothing [9101-10.5-a]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Login.Login.use((login) => login.begin(ada)))

        assert.strictEqual(wordsOf(error), "ConfigurationInvalid RequestSigner")
      }).pipe(Effect.provide(App.layer({ dialect: { authorization: { signed: "required" } } }))))

    it("is required by a server whose metadata says so [9101-10.5-a]", () => {
      const options = Result.getOrThrow(ServerMetadata.toOptions({
        issuer: "https://as.example",
        tokenEndpoint: "https://as.example/token",
        issParameterSupported: true,
        requirePushedAuthorizationRequests: false,
        requireSignedRequestObject: true,
        members: {}
      }))

      assert.strictEqual(options.dialect?.authorization?.signed, "required")
    })

    it.effect("that is encrypted hides details, and one that is only signed does not [9396-13-a] [9396-12-a]", () =>
      Effect.gen(function*() {
        const { heard: warnings, layer: logger } = Log.listening()
        const begin = (encryption?: RequestObject.Encryption) =>
          Login.Login.use((login) => login.begin({ ...ada, authorizationDetails: [{ type: "payment" }] })).pipe(
            Effect.provide([app({ authorizationDetailsTypes: ["payment"] }, { encryption }), logger])
          )

        const { url } = yield* begin({ keyManagement: "ECDH-ES", key: encryptionJwk })
        const before = warnings.length
        yield* begin()

        assert.strictEqual(new URL(url).searchParams.get("request")?.split(".").length, 5)
        assert.deepStrictEqual([before, warnings.length], [0, 1])
      }))
  })

  describe("by reference", () => {
    it.effect("waits at an address that cannot be guessed, another one each time [9101-5.2.1-a] [9101-11.2.1-c] [OIDC-6.2.1-a] [OIDC-6.2.3-a]", () =>
      Effect.gen(function*() {
        const { publish } = yield* RequestReferences.RequestReferences

        const [one, other] = [yield* publish(Redacted.make("a")), yield* publish(Redacted.make("a"))]

        const name = one.slice("https://app.example/requests/".length)
        assert.strictEqual(jose.base64url.decode(name).length, 32)
        assert.notStrictEqual(one, other)
      }).pipe(Effect.provide(references)))

    it.effect("is given once, and not after its time [9101-10.2-a]", () =>
      Effect.gen(function*() {
        const { publish, take } = yield* RequestReferences.RequestReferences
        const first = yield* publish(Redacted.make("a"))
        const second = yield* publish(Redacted.make("b"))

        const taken = [yield* take(first), yield* take(first)]
        yield* TestClock.adjust("1 minute")
        const late = yield* take(second)

        assert.deepStrictEqual(taken.map(Option.map(Redacted.value)), [Option.some("a"), Option.none()])
        assert.isTrue(Option.isNone(late))
      }).pipe(Effect.provide(references)))

    it.effect("is what the address of a login names [9101-5-a] [9101-5-b]", () =>
      Effect.gen(function*() {
        const begun = yield* Login.Login.use((login) => login.begin(ada))
        const url = new URL(begun.url).searchParams

        const object = yield* RequestReferences.RequestReferences.use(({ take }) => take(url.get("request_uri") ?? ""))

        const claims = jose.decodeJwt(Redacted.value(Option.getOrThrow(object)))
        assert.deepStrictEqual([...url.keys()], ["client_id", "request_uri"])
        assert.strictEqual(url.get("client_id"), claims["client_id"])
      }).pipe(Effect.provide(Layer.provideMerge(App.layer(), byReference))))

    const bases: Record<string, string> = {
      "plain http [9101-5.2-b]": "http://app.example/requests/",
      "no slash at the end": "https://app.example/requests",
      "a query": "https://app.example/requests/?a=/",
      "more than fits into a reference [9101-5.2-a]": `https://app.example/${"x".repeat(500)}/`
    }
    for (const [name, base] of Object.entries(bases)) {
      it.effect(`is not served at an address with ${name}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Layer.build(RequestReferences.layerMemory({ base })))

          assert.strictEqual(wordsOf(error), "ConfigurationInvalid base")
        }))
    }
  })
})

const keyPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" })

const [signing, encrypting] = [keyPair(), keyPair()]

const jwk = { ...signing.privateKey.export({ format: "jwk" }), alg: "ES256", kid: "k1" }
const half = ({ crv = "", x = "", y = "" }: { crv?: string; x?: string; y?: string }) => ({ kty: "EC", crv, x, y })
const verificationJwk = half(signing.publicKey.export({ format: "jwk" }))
const encryptionJwk = half(encrypting.publicKey.export({ format: "jwk" }))
const decryptionKey = encrypting.privateKey

const key: SigningKey.SigningKey = { jwk: Redacted.make(Object(jwk)) }

const parameters: TokenRequest.Parameters = [["response_type", "code"], ["client_id", "app"], ["state", "s3"]]

const ada: Login.Options = { account: "ada", redirectUri: "https://app.test/callback", scopes: ["read"] }

const sign = (
  parameters: TokenRequest.Parameters,
  options: Partial<RequestObject.Options> = {},
  server: Partial<AuthorizationServer.Options> = {},
  set?: { readonly keys: ReadonlyArray<Readonly<Record<string, string>>> }
): Effect.Effect<string, OAuthError.OAuthError> => {
  const described = AuthorizationServer.layer(AuthorizationServer.make({
    provider: "acme",
    issuer: "https://as.example",
    tokenEndpoint: "https://as.example/token",
    jwksUri: "https://as.example/jwks",
    ...server
  }))
  const signer = RequestObject.layer({ key, ...options })
  const jwks = Jwks.layer().pipe(
    Layer.provide(TestHttp.layer(() => Effect.succeed(TestHttp.json({ keys: [...(set?.keys ?? [])] }))))
  )
  return RequestSigner.RequestSigner.use((signer) => signer.sign(parameters)).pipe(
    Effect.map(Redacted.value),
    Effect.provide(Layer.provide(set === undefined ? signer : Layer.provide(signer, jwks), described))
  )
}

const verify = (object: string) =>
  Effect.promise(async () => {
    await jose.compactVerify(object, await jose.importJWK(verificationJwk, "ES256"))
    return jose.decodeJwt(object)
  })

const signed = (parameters: TokenRequest.Parameters) => Effect.flatMap(sign(parameters), verify)

const client = { ...TestClient.confidential, requestKey: verificationJwk }

const app = (
  options: TestAuthorizationServer.Options = {},
  signing: Partial<RequestObject.Options> = {}
) => {
  const server = { clients: [client], ...options } as const
  const signer = RequestObject.layer({ key, ...signing }).pipe(
    Layer.provide(TestAuthorizationServer.layer(server))
  )
  return Layer.provide(App.layer(server), signer)
}

const references = RequestReferences.layerMemory({ base: "https://app.example/requests/" })

const byReference = RequestObject.layerByReference({ key }).pipe(
  Layer.provideMerge(references),
  Layer.provide(TestAuthorizationServer.layer())
)

const wordsOf = ({ reason }: OAuthError.OAuthError): string =>
  `${reason._tag} ${reason._tag === "ConfigurationInvalid" ? reason.field : ""}`.trim()
