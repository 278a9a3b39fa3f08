import {
  AuthorizationServer,
  ClientAuthentication,
  ClientCertificate,
  Dpop,
  type OAuthError,
  type OAuthHttpClient,
  PushedAuthorization
} from "@effect-oauth/core"
import { ClientAssertion, Fapi2 } from "@effect-oauth/core/jose"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { HttpClient } from "effect/http"
import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { json, type Recorded, recording } from "../support/http.ts"

describe("Fapi2", () => {
  describe("layer", () => {
    it.effect("authenticates by statements for the issuer, signed by an algorithm of the profile [FAPI2-5.3.3.1-e] [FAPI2-5.4.1-b]", () =>
      Effect.gen(function*() {
        const { requests } = yield* push({})

        const [header, payload] = (new URLSearchParams(requests.at(-1)?.body).get("client_assertion") ?? "").split(".")
          .map((part) => JSON.parse(Buffer.from(part, "base64url").toString().replace(/^[^{].*$/s, "{}")))
        assert.deepStrictEqual([header.alg, payload.aud], ["ES256", issuer])
      }))

    it.effect("signs by the one of its algorithms that the server verifies", () =>
      Effect.gen(function*() {
        const { outcome } = yield* push({ metadata: { token_endpoint_auth_signing_alg_values_supported: ["PS256"] } })

        assert.strictEqual(outcome, "ConfigurationInvalid algorithm is not one that the server supports")
      }))

    const servers: Record<string, readonly [object, string]> = {
      "takes no pushed requests [FAPI2-5.3.3.2-b]": [
        { pushed_authorization_request_endpoint: undefined },
        "pushed_authorization_request_endpoint"
      ],
      "does not list S256 [FAPI2-5.3.3.2-c]": [
        { code_challenge_methods_supported: ["plain"] },
        "code_challenge_methods_supported"
      ],
      "lists no way to prove a code [FAPI2-5.3.3.2-c]": [
        { code_challenge_methods_supported: undefined },
        "code_challenge_methods_supported"
      ],
      "does not know clients by a key [FAPI2-5.3.3.1-b]": [
        { token_endpoint_auth_methods_supported: ["client_secret_basic"] },
        "token_endpoint_auth_methods_supported"
      ],
      "verifies by other algorithms only [FAPI2-5.4.1-b]": [
        { token_endpoint_auth_signing_alg_values_supported: ["RS256", "HS256"] },
        "token_endpoint_auth_signing_alg_values_supported"
      ]
    }
    for (const [name, [metadata, field]] of Object.entries(servers)) {
      it.effect(`is not for a server that ${name}`, () =>
        Effect.gen(function*() {
          const { outcome, requests } = yield* push({ metadata })

          assert.strictEqual(outcome, `MetadataInvalid ${field} missing`)
          assert.isFalse(requests.some(({ method }) => method === "POST"))
        }))
    }

    it.effect("reads the addresses from the issuer's metadata, which must be the issuer's [FAPI2-5.3.3.1-i] [FAPI2-5.3.3.1-k]", () =>
      Effect.gen(function*() {
        const good = yield* push({})
        const bad = yield* push({ metadata: { issuer: "https://as.example/" } })

        assert.deepStrictEqual(good.requests.map(({ url }) => url), [
          "https://as.example/.well-known/oauth-authorization-server",
          "https://as.example/par"
        ])
        assert.strictEqual(bad.outcome, "MetadataInvalid issuer issuer-mismatch")
      }))

    it.effect("demands the issuer's name in every answer, whatever the server announces [FAPI2-5.3.3.2-e]", () =>
      Effect.gen(function*() {
        const { server } = yield* push({ metadata: { authorization_response_iss_parameter_supported: false } })

        assert.strictEqual(server?.dialect.authorization.issuer, "required")
      }))

    const keys: Record<string, readonly [() => object, string]> = {
      "RSA of 1024 bits [FAPI2-5.4.1-d]": [
        () => ({ jwk: Redacted.make({ ...rsa(1024), alg: "PS256" }) }),
        "key is RSA of less than 2048 bits (FAPI 2.0 Security Profile, 5.4.1)"
      ],
      "RSA of 1024 bits that is read for every use [FAPI2-5.4.1-d]": [
        () => Effect.succeed({ jwk: Redacted.make({ ...rsa(1024), alg: "PS256" }) }),
        "key is RSA of less than 2048 bits (FAPI 2.0 Security Profile, 5.4.1)"
      ],
      "a key for RS256 [FAPI2-5.4.1-b]": [
        () => ({ jwk: Redacted.make({ ...rsa(2048), alg: "RS256" }) }),
        "key signs by an algorithm that is not PS256, ES256 or EdDSA (FAPI 2.0 Security Profile, 5.4.1)"
      ],
      "a key elsewhere for ES384 [FAPI2-5.4.1-b]": [
        () => ({ sign: () => Effect.never, algorithm: "ES384" }),
        "key signs by an algorithm that is not PS256, ES256 or EdDSA (FAPI 2.0 Security Profile, 5.4.1)"
      ]
    }
    for (const [name, [key, problem]] of Object.entries(keys)) {
      it.effect(`sends nothing by ${name}`, () =>
        Effect.gen(function*() {
          const { outcome, requests } = yield* push({ key: key() as Fapi2.Key })

          assert.strictEqual(outcome, `ConfigurationInvalid ${problem}`)
          assert.isFalse(requests.some(({ method }) => method === "POST"))
        }))
    }

    it.effect("takes RSA of 2048 bits", () =>
      Effect.gen(function*() {
        const { outcome } = yield* push({ key: { jwk: Redacted.make(rsa(2048)) } })

        assert.strictEqual(outcome, "pushed")
      }))

    it.effect("takes no proofs by an algorithm that the profile does not know [FAPI2-5.4.1-b]", () =>
      Effect.gen(function*() {
        const { outcome } = yield* push({ dpop: Dpop.layer({ algorithm: "ES384" }) })

        assert.include(outcome, "(FAPI 2.0 Security Profile, 5.4.1)")
      }))

    it.effect("takes no tokens that are not bound [FAPI2-5.3.3.1-a]", () =>
      Effect.gen(function*() {
        const { outcome } = yield* push({ dpop: Dpop.layer({ unbound: "accepted" }) })

        assert.strictEqual(
          outcome,
          "ConfigurationInvalid Dpop accepts tokens that are not bound (FAPI 2.0 Security Profile, 5.3.3.1, 1)"
        )
      }))

    it.effect("believes no ID token by an algorithm that the profile does not know [FAPI2-5.4.1-b]", () =>
      Effect.gen(function*() {
        const listed = yield* push({ metadata: { id_token_signing_alg_values_supported: ["RS256", "PS256"] } })
        const none = yield* push({ metadata: { id_token_signing_alg_values_supported: ["RS256"] } })

        assert.deepStrictEqual(listed.server?.idTokenAlgorithms, ["PS256"])
        assert.deepStrictEqual(none.server?.idTokenAlgorithms, Fapi2.algorithms)
      }))

    it.effect("is by https only, but for trials on this machine", () =>
      Effect.gen(function*() {
        const { outcome, requests } = yield* push({ issuer: "http://127.0.0.1:1" })

        assert.strictEqual(outcome, "ConfigurationInvalid issuer must begin with https://")
        assert.lengthOf(requests, 0)
      }))
  })

  describe("layerOver", () => {
    const dialects: Record<string, readonly [AuthorizationServer.Options["dialect"], string]> = {
      "pushes no request [FAPI2-5.3.3.2-b]": [
        { authorization: { ...strict, pushed: "offered" } },
        "dialect.authorization.pushed is not required (FAPI 2.0 Security Profile, 5.3.3.2, 2)"
      ],
      "proves codes by the verifier itself [FAPI2-5.3.3.2-c]": [
        { authorization: { ...strict, pkce: "insecure-plain" } },
        "dialect.authorization.pkce is not S256 (FAPI 2.0 Security Profile, 5.3.3.2, 3)"
      ],
      "believes an answer without iss [FAPI2-5.3.3.2-e]": [
        { authorization: { ...strict, issuer: "optional" } },
        "dialect.authorization.issuer is not required (FAPI 2.0 Security Profile, 5.3.3.2, 5)"
      ],
      "asks for something else than a code [FAPI2-5.3.3.2-a]": [
        { authorization: { ...strict, responseType: "code id_token" } },
        "responseType is not code (FAPI 2.0 Security Profile, 5.3.3.2, 1)"
      ]
    }
    for (const [name, [dialect, problem]] of Object.entries(dialects)) {
      it.effect(`refuses a provider that ${name}`, () =>
        Effect.gen(function*() {
          const { outcome } = yield* over({ dialect })

          assert.strictEqual(outcome, `ConfigurationInvalid ${problem}`)
        }))
    }

    const clients: Record<string, readonly [ClientAuthentication.Made, string]> = {
      "by a secret in a header [FAPI2-5.3.3.1-b]": [
        ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s") }),
        "is client_secret_basic; use private_key_jwt or a certificate (FAPI 2.0 Security Profile, 5.3.3.1, 2)"
      ],
      "by a secret in the body [FAPI2-5.3.3.1-b]": [
        ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") }),
        "is client_secret_post; use private_key_jwt or a certificate (FAPI 2.0 Security Profile, 5.3.3.1, 2)"
      ],
      "by nothing [FAPI2-5.3.3.1-b]": [
        ClientAuthentication.none({ clientId: "app" }),
        "is none; use private_key_jwt or a certificate (FAPI 2.0 Security Profile, 5.3.3.1, 2)"
      ],
      "by a secret that signs [FAPI2-5.3.3.1-b]": [
        ClientAssertion.clientSecretJwt({ clientId: "app", issuer, clientSecret: Redacted.make("s".repeat(32)) }),
        "is client_secret_jwt; use private_key_jwt or a certificate (FAPI 2.0 Security Profile, 5.3.3.1, 2)"
      ],
      "by statements for an endpoint [FAPI2-5.3.3.1-e]": [
        ClientAssertion.privateKeyJwt({ clientId: "app", issuer, key, legacyAudience: `${issuer}/token` }),
        "makes statements for others than the issuer (FAPI 2.0 Security Profile, 5.3.3.1, 5)"
      ],
      "by statements of RS256 [FAPI2-5.4.1-b]": [
        ClientAssertion.privateKeyJwt({ clientId: "app", issuer, key: { jwk: Redacted.make(rsa(2048)) } }),
        "signs by an algorithm that is not PS256, ES256 or EdDSA (FAPI 2.0 Security Profile, 5.4.1)"
      ]
    }
    for (const [name, [made, problem]] of Object.entries(clients)) {
      it.effect(`sends nothing of a client that authenticates ${name}`, () =>
        Effect.gen(function*() {
          const { outcome, requests } = yield* over({ made })

          assert.strictEqual(outcome, `ConfigurationInvalid clientAuthentication ${problem}`)
          assert.lengthOf(requests, 0)
        }))
    }

    it.effect("refuses tokens that nothing binds [FAPI2-5.3.3.1-a]", () =>
      Effect.gen(function*() {
        const { outcome } = yield* over({ dpop: Layer.empty })

        assert.strictEqual(
          outcome,
          "ConfigurationInvalid Dpop is missing, and no certificate binds tokens either (FAPI 2.0 Security Profile, 5.3.3.1, 1)"
        )
      }))

    it.effect("leaves a provider that keeps to the profile as it is", () =>
      Effect.gen(function*() {
        const { outcome, requests } = yield* over({})

        assert.strictEqual(outcome, "pushed")
        assert.lengthOf(requests, 1)
      }))
  })

  describe("layerMutualTls", () => {
    it.effect("goes to the addresses for certificates, known by one [FAPI2-5.3.3.1-a] [FAPI2-5.3.3.1-b] [FAPI2-5.3.3.1-g]", () =>
      Effect.gen(function*() {
        const { outcome, requests } = yield* mutual({})

        const sent = requests.at(-1)
        assert.strictEqual(outcome, "pushed")
        assert.strictEqual(sent?.url, "https://mtls.as.example/par")
        assert.isFalse(new URLSearchParams(sent?.body).has("client_assertion"))
      }))

    it.effect("knows a client by its key, and binds its tokens to the certificate", () =>
      Effect.gen(function*() {
        const { outcome, requests } = yield* mutual({}, { key })

        assert.strictEqual(outcome, "pushed")
        assert.isTrue(new URLSearchParams(requests.at(-1)?.body).has("client_assertion"))
      }))

    it.effect("is not for a server that binds no tokens to certificates [FAPI2-5.3.3.1-a]", () =>
      Effect.gen(function*() {
        const { outcome } = yield* mutual({ tls_client_certificate_bound_access_tokens: false })

        assert.strictEqual(outcome, "MetadataInvalid tls_client_certificate_bound_access_tokens missing")
      }))
  })
})

const issuer = "https://as.example"

const strict = { pushed: "required", pkce: "S256", issuer: "required" } as const

function jwkOf(pair: { readonly privateKey: KeyObject }) {
  return Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.String))(
    pair.privateKey.export({ format: "jwk" })
  )
}

function rsa(modulusLength: number) {
  return jwkOf(generateKeyPairSync("rsa", { modulusLength }))
}

const key = {
  jwk: Redacted.make(jwkOf(generateKeyPairSync("ec", { namedCurve: "P-256" }))),
  algorithm: "ES256"
} as const

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["private_key_jwt", "tls_client_auth"],
  token_endpoint_auth_signing_alg_values_supported: ["ES256", "PS256", "RS256"],
  tls_client_certificate_bound_access_tokens: true,
  mtls_endpoint_aliases: {
    token_endpoint: "https://mtls.as.example/token",
    pushed_authorization_request_endpoint: "https://mtls.as.example/par"
  }
}

const answering = (change: object) => (request: Recorded): Effect.Effect<Response> =>
  Effect.sync(() =>
    request.method === "GET"
      ? json({ ...metadata, ...change })
      : json({ request_uri: "urn:example:1", expires_in: 60 }, { status: 201 })
  )

/** Pushes a request by a provider, and tells what came of it. */
const pushBy = (
  provider: Layer.Layer<
    AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication,
    OAuthError.OAuthError,
    OAuthHttpClient.OAuthHttpClient
  >,
  http: ReturnType<typeof recording>
) =>
  Effect.gen(function*() {
    const server = yield* AuthorizationServer.AuthorizationServer
    const { push } = yield* PushedAuthorization.PushedAuthorization
    return yield* Effect.match(push([["state", "s"]]), {
      onSuccess: () => ({ server, outcome: "pushed" }),
      onFailure: (error) => ({ server, outcome: words(error) })
    })
  }).pipe(
    Effect.provide(PushedAuthorization.layer.pipe(Layer.provideMerge(provider), Layer.provide(http.layer))),
    Effect.catch((error) => Effect.succeed({ server: undefined, outcome: words(error) })),
    Effect.map((told) => ({ ...told, requests: http.requests }))
  )

const push = (options: {
  readonly metadata?: object
  readonly key?: Fapi2.KeyOptions["key"]
  readonly dpop?: Layer.Layer<Dpop.Dpop, OAuthError.OAuthError>
  readonly issuer?: string
}) => {
  const provider = Fapi2.layer({ issuer: options.issuer ?? issuer, clientId: "app", key: options.key ?? key })
  return pushBy(
    Layer.provide(provider, options.dpop ?? Dpop.layer()),
    recording(answering(options.metadata ?? {}))
  )
}

const over = (options: {
  readonly dialect?: AuthorizationServer.Options["dialect"]
  readonly made?: ClientAuthentication.Made
  readonly dpop?: Layer.Layer<never>
}) =>
  pushBy(
    Fapi2.layerOver.pipe(
      Layer.provide([
        options.dpop ?? Dpop.layer(),
        AuthorizationServer.layer(AuthorizationServer.make({
          provider: "acme",
          issuer,
          authorizationEndpoint: `${issuer}/authorize`,
          tokenEndpoint: `${issuer}/token`,
          pushedAuthorizationRequestEndpoint: `${issuer}/par`,
          dialect: options.dialect ?? { authorization: strict }
        })),
        ClientAuthentication.layer(options.made ?? ClientAssertion.privateKeyJwt({ clientId: "app", issuer, key }))
      ])
    ),
    recording(answering({}))
  )

const mutual = (change: object, by: { readonly key?: Fapi2.KeyOptions["key"] } = {}) => {
  const http = recording(answering(change))
  const certificate = Layer.effect(
    ClientCertificate.ClientCertificate,
    Effect.map(HttpClient.HttpClient, (client) => ({
      current: Effect.succeed(ClientCertificate.name("one")),
      holds: () => true,
      client: () => client
    }))
  )
  const common = { issuer, clientId: "app" }
  const provider = Fapi2.layerMutualTls(
    by.key === undefined ? { ...common, method: "tls_client_auth" } : { ...common, key: by.key }
  )
  return pushBy(Layer.provide(provider, Layer.provide(certificate, http.client)), http)
}

const words = ({ reason }: OAuthError.OAuthError): string =>
  [
    reason._tag,
    "field" in reason ? reason.field : undefined,
    "problem" in reason ? reason.problem : undefined
  ].filter((word) => word !== undefined).join(" ")
