import {
  AuthorizationServer,
  ClientAuthentication,
  OAuthError,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { ClientAssertion, type SigningKey } from "@effect-oauth/core/jose"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Result, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import { canary, leaks } from "../support/secrets.ts"

const issuer = "https://as.test"
const start = Date.UTC(2030, 0, 1)
const clientId = "app"
const common = { clientId, issuer }

describe("ClientAssertion", () => {
  describe("privateKeyJwt", () => {
    it.effect("says who the client is, to the server, for a minute [7523-3-a] [7523-3-b] [7523-3-c] [7523-3-d] [7521-5.2-a] [7521-5.2-b] [7521-5.2-c] [7521-5.2-d] [7521-5.1-b] [OIDC-9-a] [OIDC-9-c] [7523-bis-4-a] [7523-bis-4-b] [2.1-2.4-b]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()

        const { claims } = yield* sent(ClientAssertion.privateKeyJwt({ ...common, key: key.signing }))

        const { jti, ...told } = claims
        assert.deepStrictEqual(told, {
          iss: "app",
          sub: "app",
          aud: "https://as.test",
          iat: start / 1000,
          exp: start / 1000 + 60
        })
        assert.match(String(jti), /^[\w-]{32}$/)
      }))

    it.effect("is one signed token with the registered type, and there are no other credentials [7521-4.2-a] [7521-4.2-b] [7523-2.2-a] [7523-2.2-b] [7523-3-f] [OIDC-9-d] [OIDC-3.1.3.1-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()

        const { request } = yield* sent(ClientAssertion.privateKeyJwt({ ...common, key: key.signing }))

        const { client_assertion: assertion = "", ...others } = request.parameters
        assert.deepStrictEqual(others, {
          grant_type: "urn:x",
          client_id: "app",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        })
        assert.isUndefined(request.headers["authorization"])
        assert.lengthOf(assertion.split("."), 3)
        yield* Effect.promise(() => jose.compactVerify(assertion, key.publicKey))
      }))

    it.effect("names its kind and its key [7523-bis-4-c] [OIDC-10.1-b]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const header = (options: Partial<ClientAssertion.PrivateKeyOptions>) =>
          Effect.map(
            sent(ClientAssertion.privateKeyJwt({ ...common, key: key.signing, ...options })),
            ({ header }) => header
          )

        assert.deepStrictEqual(yield* header({}), { alg: "ES256", typ: "client-authentication+jwt", kid: "key-1" })
        assert.deepStrictEqual(yield* header({ type: "JWT" }), { alg: "ES256", typ: "JWT", kid: "key-1" })
        assert.deepStrictEqual(yield* header({ type: "omitted" }), { alg: "ES256", kid: "key-1" })
        assert.strictEqual((yield* header({ key: { ...key.signing, kid: "other" } }))["kid"], "other")
      }))

    it.effect("makes a statement for every request and every endpoint, with the same audience [7523-3-e] [7521-5.1-a] [OIDC-9-b] [7523-bis-5-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const client = Result.getOrThrow(ClientAssertion.privateKeyJwt({ ...common, key: key.signing }))

        const all = yield* Effect.forEach(
          Array.from({ length: 250 }).flatMap(() =>
            ["token", "revocation", "introspection", "pushed-authorization-request"] as const
          ),
          (endpoint) =>
            Effect.map(client.credentials(endpoint), (credentials) => jose.decodeJwt(assertionOf(credentials)))
        )

        assert.strictEqual(new Set(all.map(({ jti }) => jti)).size, 1000)
        assert.deepStrictEqual([...new Set(all.map(({ aud }) => aud))], ["https://as.test"])
      }))

    it.effect("makes another statement when the server did not process the first [7523-3-e]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const requests: Array<TestHttp.Request> = []
        const layer = world(ClientAssertion.privateKeyJwt({ ...common, key: key.signing }), (request) => {
          requests.push(request)
          return TestHttp.empty(503)
        })

        yield* Effect.gen(function*() {
          const endpoint = yield* TokenEndpoint.TokenEndpoint
          yield* Effect.flip(endpoint.request(TokenRequest.extension("urn:x", [])))
          yield* Effect.flip(endpoint.request(TokenRequest.extension("urn:x", [])))
        }).pipe(Effect.provide(layer))

        const [first, second] = requests.map(({ parameters }) => parameters["client_assertion"] ?? "")
        assert.notStrictEqual(first?.split(".")[2], second?.split(".")[2])
        assert.notStrictEqual(jose.decodeJwt(first!).jti, jose.decodeJwt(second!).jti)
      }))

    it.effect("names the endpoint as its audience only where that was asked for by name [OIDC-9-c] [7523-bis-4-b]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()

        const { claims } = yield* sent(
          ClientAssertion.privateKeyJwt({ ...common, key: key.signing, legacyAudience: `${issuer}/token` })
        )

        assert.strictEqual(claims["aud"], `${issuer}/token`)
      }))

    it.effect("counts by the server's clock where that is behind [7523-3-d]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const options = { ...common, key: key.signing, skew: "30 seconds", lifetime: "5 minutes" } as const

        const { claims } = yield* sent(ClientAssertion.privateKeyJwt(options))

        assert.strictEqual(claims["iat"], start / 1000 - 30)
        assert.strictEqual(claims["exp"], start / 1000 + 300)
      }))

    it.effect("signs an RSA key by RS256, or by what the server lists [7523-5-a] [OIDC-10.1-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair("RS256", {})
        const alg = (algorithms?: ReadonlyArray<string>) =>
          Effect.map(
            sent(ClientAssertion.privateKeyJwt({ ...common, key: key.signing, algorithms })),
            ({ header }) => header["alg"]
          )

        assert.strictEqual(yield* alg(), "RS256")
        assert.strictEqual(yield* alg(["PS256", "ES256"]), "PS256")
        assert.strictEqual(
          fieldOf(ClientAssertion.privateKeyJwt({ ...common, key: key.signing, algorithms: ["ES256"] })),
          "algorithm"
        )
      }))

    it.effect("signs by a key of WebCrypto that cannot be taken out, and by a function", () =>
      Effect.gen(function*() {
        const pair = yield* Effect.promise(() => jose.generateKeyPair("ES256", { extractable: false }))
        const byFunction: SigningKey.RemoteKey = {
          algorithm: "ES256",
          kid: "kms",
          sign: (input) =>
            Effect.promise(async () =>
              new Uint8Array(
                await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, new Uint8Array(input))
              )
            )
        }

        for (const key of [{ cryptoKey: pair.privateKey, algorithm: "ES256" } as const, byFunction]) {
          const { request } = yield* sent(ClientAssertion.privateKeyJwt({ ...common, key }))
          const assertion = request.parameters["client_assertion"] ?? ""
          yield* Effect.promise(() => jose.compactVerify(assertion, pair.publicKey))
        }
      }))

    it.effect("is never unsigned [7521-3-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const none = { ...key.signing, algorithm: "none" } as unknown as SigningKey.SigningKey

        assert.strictEqual(fieldOf(ClientAssertion.privateKeyJwt({ ...common, key: none })), "algorithm")
        assert.strictEqual(
          fieldOf(ClientAssertion.privateKeyJwt({
            ...common,
            key: { jwk: Redacted.make({ kty: "RSA", d: "x", alg: "none" }) }
          })),
          "algorithm"
        )
      }))

    it.effect("takes a private key, a lifetime of a second to ten minutes, and a skew of five minutes at most", () =>
      Effect.gen(function*() {
        const { publicJwk, signing: key } = yield* keyPair()
        const made = (options: Partial<ClientAssertion.PrivateKeyOptions>) =>
          fieldOf(ClientAssertion.privateKeyJwt({ ...common, key, ...options }))

        assert.strictEqual(made({ key: { jwk: Redacted.make(publicJwk) } }), "key")
        assert.strictEqual(made({ lifetime: "11 minutes" }), "lifetime")
        assert.strictEqual(made({ lifetime: 0 }), "lifetime")
        assert.strictEqual(made({ skew: "6 minutes" }), "skew")
        assert.strictEqual(made({ issuer: "" }), "issuer")
        assert.strictEqual(made({ clientId: "" }), "clientId")
      }))

    it.effect("reads its key for every request, and tries another one where the server does not know the first", () =>
      Effect.gen(function*() {
        const [old, next] = [yield* keyPair("ES256", { kid: "old" }), yield* keyPair("ES256", { kid: "new" })]
        let reads = 0
        const key = Effect.sync(() => ++reads === 1 ? old.signing : next.signing)
        const requests: Array<TestHttp.Request> = []

        const judgement = yield* exchange(ClientAssertion.privateKeyJwt({ ...common, key }), (request) => {
          requests.push(request)
          return requests.length === 1 ? invalidClient : tokens
        })

        assert.strictEqual(judgement._tag, "Granted")
        assert.deepStrictEqual(
          requests.map(({ parameters }) => jose.decodeProtectedHeader(parameters["client_assertion"] ?? "").kid),
          ["old", "new"]
        )
      }))

    it.effect("is refused once where the server does not know the key [7523-3.2-a] [7521-4.2.1-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        let requests = 0

        const judgement = yield* exchange(
          ClientAssertion.privateKeyJwt({ ...common, key: Effect.succeed(key.signing) }),
          () => {
            requests++
            return invalidClient
          }
        )

        assert.strictEqual(judgement._tag === "Refused" && String(judgement.reason.code), "invalid_client")
        assert.strictEqual(requests, 1)
      }))

    it.effect("is sent over TLS only [7521-4-a] [OIDC-3.1.3-a]", () =>
      Effect.gen(function*() {
        const server = AuthorizationServer.make({ provider: "test", issuer, tokenEndpoint: "http://as.test/token" })

        assert.strictEqual(fieldOf(server), "tokenEndpoint")
      }))

    it.effect("shows no key where signing fails [E06]", () =>
      Effect.gen(function*() {
        const jwk = Redacted.make({ kty: "EC", crv: "P-256", x: canary, y: canary, d: canary, kid: "key-1" })
        const client = Result.getOrThrow(ClientAssertion.privateKeyJwt({ ...common, key: { jwk } }))
        const remote: SigningKey.RemoteKey = {
          algorithm: "ES256",
          sign: () =>
            Effect.fail(
              OAuthError.make("x", canary, new OAuthError.ConfigurationInvalid({ field: canary, problem: "" }))
            )
        }
        const elsewhere = Result.getOrThrow(ClientAssertion.privateKeyJwt({ ...common, key: remote }))

        const errors = [
          yield* Effect.flip(client.credentials("token")),
          yield* Effect.flip(elsewhere.credentials("token"))
        ]

        assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), ["KeyUnavailable", "KeyUnavailable"])
        assert.deepStrictEqual(errors.flatMap(leaks), [])
        assert.deepStrictEqual(leaks(client), [])
      }))
  })

  describe("clientSecretJwt", () => {
    it.effect("is a statement under the secret, which does not travel [7523-3-f] [OIDC-9-a]", () =>
      Effect.gen(function*() {
        const secret = "s".repeat(32)
        const made = ClientAssertion.clientSecretJwt({ ...common, clientSecret: Redacted.make(secret) })

        const { claims, header, request } = yield* sent(made)

        assert.deepStrictEqual(header, { alg: "HS256", typ: "client-authentication+jwt" })
        assert.hasAllKeys(claims, ["iss", "sub", "aud", "jti", "iat", "exp"])
        assert.notInclude(request.body, secret)
        yield* Effect.promise(() =>
          jose.compactVerify(request.parameters["client_assertion"] ?? "", new TextEncoder().encode(secret))
        )
      }))

    it.effect("takes a secret as long as its digest [OIDC-16.19-a]", () =>
      Effect.gen(function*() {
        const clientSecret = Redacted.make("0123456789")
        const read = ClientAssertion.clientSecretJwt({ ...common, clientSecret: Effect.succeed(clientSecret) })

        assert.strictEqual(fieldOf(ClientAssertion.clientSecretJwt({ ...common, clientSecret })), "clientSecret")
        const error = yield* Effect.flip(Result.getOrThrow(read).credentials("token"))
        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "clientSecret")
        const half = Redacted.make("s".repeat(32))
        assert.strictEqual(
          fieldOf(ClientAssertion.clientSecretJwt({ ...common, clientSecret: half, algorithm: "HS512" })),
          "clientSecret"
        )
      }))

    it.effect("reads a secret that is an effect for every request", () =>
      Effect.gen(function*() {
        let reads = 0
        const clientSecret = Effect.sync(() => Redacted.make(`${++reads}`.padEnd(32, "s")))
        const client = Result.getOrThrow(ClientAssertion.clientSecretJwt({ ...common, clientSecret }))

        yield* client.credentials("token")
        yield* client.credentials("token")

        assert.strictEqual(reads, 2)
      }))
  })

  describe("signer", () => {
    it.effect("signs what a description states, and names its key", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        yield* TestClock.setTime(start)
        const sign = ClientAssertion.signer(key.signing)
        const statement = { issuer: "team", subject: "app", audience: issuer, lifetime: Duration.minutes(5) }

        const one = yield* sign(statement)
        const other = yield* sign(statement)

        const { payload, protectedHeader } = yield* Effect.promise(() =>
          jose.jwtVerify(Redacted.value(one.value), key.publicKey, { currentDate: new Date(start) })
        )
        const { jti: _, ...told } = payload
        assert.deepStrictEqual(told, {
          iss: "team",
          sub: "app",
          aud: issuer,
          iat: start / 1000,
          exp: start / 1000 + 300
        })
        assert.deepStrictEqual(protectedHeader, { alg: "ES256", kid: "key-1" })
        assert.strictEqual(Redacted.value(one.basis), Redacted.value(other.basis))
        assert.notStrictEqual(Redacted.value(one.value), Redacted.value(other.value))
      }))

    it.effect("refuses a key that is for another algorithm than the server's", () =>
      Effect.gen(function*() {
        const key = yield* keyPair()
        const statement = {
          issuer: "team",
          subject: "app",
          audience: issuer,
          lifetime: Duration.minutes(1),
          algorithm: "RS256"
        }

        const error = yield* Effect.flip(ClientAssertion.signer(key.signing)(statement))

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }))
  })

  describe("fromMetadata", () => {
    it.effect("prefers the key where the server verifies its signatures [9700-2.5-a] [2.1-2.4-a] [OIDC-10.1-a]", () =>
      Effect.gen(function*() {
        const key = yield* keyPair("RS256", {})
        const metadata = yield* metadataOf({
          token_endpoint_auth_methods_supported: ["client_secret_basic", "private_key_jwt"],
          token_endpoint_auth_signing_alg_values_supported: ["PS256"]
        })

        const made = ClientAssertion.fromMetadata(metadata, {
          clientId,
          key: key.signing,
          clientSecret: Redacted.make("secret")
        })

        const { header, request } = yield* sent(made)
        assert.strictEqual(header["alg"], "PS256")
        assert.isUndefined(request.headers["authorization"])
      }))

    it.effect("asks for the algorithm where the server does not list any [8414-2-f]", () =>
      Effect.gen(function*() {
        const { signing: key } = yield* keyPair()
        const metadata = yield* metadataOf({ token_endpoint_auth_methods_supported: ["private_key_jwt"] })

        const unnamed = ClientAssertion.fromMetadata(metadata, { clientId, key })
        const named = ClientAssertion.fromMetadata(metadata, { clientId, key: { ...key, algorithm: "ES256" } })

        assert.strictEqual(
          Result.isFailure(unnamed) && unnamed.failure.reason._tag === "MetadataInvalid" &&
            unnamed.failure.reason.field,
          "token_endpoint_auth_signing_alg_values_supported"
        )
        assert.isTrue(Result.isSuccess(named))
      }))

    it.effect("falls back to the secret, to nothing, and to no guess", () =>
      Effect.gen(function*() {
        const { signing: key } = yield* keyPair()
        const clientSecret = Redacted.make("s".repeat(32))
        const method = Effect.fnUntraced(function*(
          methods: ReadonlyArray<string> | undefined,
          options: Parameters<typeof ClientAssertion.fromMetadata>[1]
        ) {
          const metadata = yield* metadataOf({
            ...(methods === undefined ? {} : { token_endpoint_auth_methods_supported: methods }),
            token_endpoint_auth_signing_alg_values_supported: ["HS256", "ES256"]
          })
          const made = ClientAssertion.fromMetadata(metadata, options)
          return Result.isFailure(made) ? fieldOf(made) : (yield* made.success.credentials("token")).method
        })

        assert.strictEqual(yield* method(undefined, { clientId }), "none")
        assert.strictEqual(yield* method(undefined, { clientId, clientSecret }), "client_secret_basic")
        assert.strictEqual(yield* method(["client_secret_post"], { clientId, clientSecret, key }), "client_secret_post")
        assert.strictEqual(yield* method(["client_secret_jwt"], { clientId, clientSecret }), "client_secret_jwt")
        assert.strictEqual(yield* method(["tls_client_auth"], { clientId, clientSecret }), "clientSecret")
        assert.strictEqual(yield* method(["client_secret_basic"], { clientId, key }), "key")
      }))
  })

  it.effect("takes the issuer from the server in context, and needs one", () =>
    Effect.gen(function*() {
      const { signing: key } = yield* keyPair()
      const layer = ClientAssertion.layerPrivateKeyJwt({ clientId, key })
      const audience = Effect.gen(function*() {
        const client = yield* ClientAuthentication.ClientAuthentication
        return jose.decodeJwt(assertionOf(yield* client.credentials("token"))).aud
      })

      const named = yield* Effect.provide(audience, Layer.provide(layer, server({ issuer })))
      const unnamed = yield* Effect.flip(Effect.provide(audience, Layer.provide(layer, server({ issuer: undefined }))))

      assert.strictEqual(named, issuer)
      assert.strictEqual(unnamed.reason._tag === "ConfigurationInvalid" && unnamed.reason.field, "issuer")
    }))
})

const keyPair = Effect.fnUntraced(function*(
  algorithm: "ES256" | "RS256" = "ES256",
  members: Readonly<Record<string, Schema.Json>> = { kid: "key-1" }
) {
  const pair = yield* Effect.promise(() => jose.generateKeyPair(algorithm, { extractable: true }))
  const jwk = yield* Effect.promise(() => jose.exportJWK(pair.privateKey))
  const publicJwk: Readonly<Record<string, Schema.Json>> = {
    ...(yield* Effect.promise(() => jose.exportJWK(pair.publicKey)))
  }
  const all: Readonly<Record<string, Schema.Json>> = { ...jwk, ...members }
  return { publicKey: pair.publicKey, publicJwk, signing: { jwk: Redacted.make(all) } satisfies SigningKey.JwkKey }
})

const server = (options: Partial<AuthorizationServer.Options> = {}) =>
  AuthorizationServer.layer(
    AuthorizationServer.make({ provider: "test", issuer, tokenEndpoint: `${issuer}/token`, ...options })
  )

const world = (made: ClientAuthentication.Made, respond: (request: TestHttp.Request) => TestHttp.Answer) =>
  Layer.provide(TokenEndpoint.layer, [
    server(),
    ClientAuthentication.layer(made),
    TestHttp.layer((request) => Effect.sync(() => respond(request)))
  ])

const exchange = Effect.fnUntraced(function*(
  made: ClientAuthentication.Made,
  respond: (request: TestHttp.Request) => TestHttp.Answer
) {
  yield* TestClock.setTime(start)
  const endpoint = yield* Effect.provide(TokenEndpoint.TokenEndpoint, world(made, respond))
  return yield* endpoint.exchange(TokenRequest.extension("urn:x", []))
})

const sent = Effect.fnUntraced(function*(made: ClientAuthentication.Made) {
  const requests: Array<TestHttp.Request> = []
  yield* exchange(made, (request) => {
    requests.push(request)
    return tokens
  })
  const [request] = requests
  if (request === undefined) throw new Error("nothing was sent")
  const assertion = request.parameters["client_assertion"] ?? ""
  const header: Readonly<Record<string, unknown>> = { ...jose.decodeProtectedHeader(assertion) }
  const claims: Readonly<Record<string, unknown>> = { ...jose.decodeJwt(assertion) }
  return { request, header, claims }
})

const assertionOf = ({ parameters }: ClientAuthentication.Credentials): string => {
  const value = parameters.find(([name]) => name === "client_assertion")?.[1] ?? ""
  return Redacted.isRedacted(value) ? Redacted.value(value) : value
}

const metadataOf = (members: Schema.JsonObject) =>
  Effect.gen(function*() {
    const reader = yield* ServerMetadata.make()
    return yield* reader.get(issuer)
  }).pipe(Effect.provide(TestHttp.layer(() =>
    Effect.succeed(TestHttp.json(Object.assign({ issuer, token_endpoint: `${issuer}/token` }, members)))
  )))

const fieldOf = (made: Result.Result<unknown, OAuthError.OAuthError>): string =>
  Result.isSuccess(made)
    ? "made"
    : made.failure.reason._tag === "ConfigurationInvalid"
    ? made.failure.reason.field
    : made.failure.reason._tag

const tokens = TestHttp.json({ access_token: "a", token_type: "Bearer" })

const invalidClient = TestHttp.json({ error: "invalid_client" }, { status: 401 })
