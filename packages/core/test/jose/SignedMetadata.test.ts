import { type OAuthError, type OAuthHttpClient, ProtectedResource, ServerMetadata } from "@effect-oauth/core"
import { SignedMetadata } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Schema } from "effect"
import { TestClock } from "effect/testing"

describe("Signed metadata", () => {
  describe("of a server", () => {
    it.effect("wins over what is not signed [8414-2.1-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* server({ token_endpoint: "https://as.example/signed" })

        assert.strictEqual(metadata.tokenEndpoint, "https://as.example/signed")
        assert.strictEqual(metadata.authorizationEndpoint, "https://as.example/authorize")
      }))

    it.effect("cannot change whose it is [8414-2.1-a]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(server({ issuer: "https://evil.example" }))

        assert.strictEqual(wordsOf(error), "MetadataInvalid issuer-mismatch")
      }))

    it.effect("in itself counts for nothing [8414-2.1-b]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* server({ signed_metadata: "x.y.z", token_endpoint: "https://as.example/signed" })

        assert.strictEqual(metadata.tokenEndpoint, "https://as.example/signed")
        assert.notStrictEqual(metadata.members["signed_metadata"], "x.y.z")
      }))

    it.effect("is passed over without a verifier", () =>
      Effect.gen(function*() {
        const { metadata } = yield* server({ token_endpoint: "https://as.example/signed" }, { verified: "not" })

        assert.strictEqual(metadata.tokenEndpoint, "https://as.example/token")
      }))
  })

  describe("of a resource", () => {
    it.effect("wins over what is not signed [9728-2.2-a]", () =>
      Effect.gen(function*() {
        const { metadata } = yield* resource({ authorization_servers: ["https://signed.example"] })

        assert.deepStrictEqual(metadata.authorizationServers, ["https://signed.example"])
      }))

    it.effect("in itself is refused [9728-2.2-b]", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(resource({ signed_metadata: "x.y.z" }))

        assert.strictEqual(wordsOf(error), "MetadataInvalid untrusted")
      }))
  })

  const readers: Record<string, Reader> = { "a server": server, "a resource": resource }
  for (const [name, read] of Object.entries(readers)) {
    it.effect(`of ${name} is refused when another key has signed it [9728-3.3-e] [9728-3.3-f] [8414-2.1-a]`, () =>
      Effect.gen(function*() {
        const stranger = yield* TestSigner.make()

        const error = yield* Effect.flip(read({}, { by: stranger }))

        assert.strictEqual(wordsOf(error), "JwtInvalid signature")
      }))

    it.effect(`of ${name} is refused of a signer that nobody trusts, and no key is asked for [9728-3.3-e] [9728-3.3-f]`, () =>
      Effect.gen(function*() {
        const asked: Array<string> = []
        const error = yield* Effect.flip(read({ iss: "https://evil.example" }, { asked }))

        assert.strictEqual(wordsOf(error), "JwtInvalid iss")
        assert.isFalse(asked.some((url) => url.endsWith("/jwks")))
      }))

    it.effect(`of ${name} is refused after its time [9728-3.3-f]`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read({ exp: start / 1000 }))

        assert.strictEqual(wordsOf(error), "JwtInvalid exp")
      }))

    for (const token of [7, "x", "e30.e30."]) {
      it.effect(`of ${name} is refused when it is ${JSON.stringify(token)} [9728-3.3-f]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(read({}, { token }))

          assert.include(["MetadataInvalid wrong-type", "JwtInvalid iss"], wordsOf(error))
        }))
    }

    it.effect(`of ${name} is verified by keys that are fetched where the application says`, () =>
      Effect.gen(function*() {
        const asked: Array<string> = []
        yield* read({}, { asked, keys: "fetched" })

        assert.strictEqual(asked.at(-1), "https://trust.example/jwks")
      }))
  }
})

const start = Date.UTC(2030, 0, 1)

interface Setting {
  readonly verified?: "not"
  readonly by?: TestSigner.TestSigner
  readonly token?: Schema.Json
  readonly asked?: Array<string>
  readonly keys?: "fetched"
}

type Reader = (
  claims: Readonly<Record<string, Schema.Json>>,
  setting?: Setting
) => Effect.Effect<unknown, OAuthError.OAuthError>

/** A document with a signed copy of it, and whatever reads it. */
const document = Effect.fnUntraced(function*(
  plain: Readonly<Record<string, Schema.Json>>,
  claims: Readonly<Record<string, Schema.Json>>,
  setting: Setting
) {
  yield* TestClock.setTime(start)
  const signer = yield* TestSigner.make()
  const token = setting.token ?? (yield* (setting.by ?? signer).sign({ iss: "https://trust.example", ...claims }))
  const set = yield* signer.jwks
  const http = TestHttp.layer(({ url }) => {
    setting.asked?.push(url)
    return Effect.succeed(TestHttp.json(url.endsWith("/jwks") ? set : { ...plain, signed_metadata: token }))
  })
  const trusted: SignedMetadata.Signer = setting.keys === "fetched"
    ? { issuer: "https://trust.example", jwksUri: "https://trust.example/jwks" }
    : { issuer: "https://trust.example", keys: Object(set["keys"]) }
  const verifier = SignedMetadata.layer({ signers: [trusted] })
  return <S, E>(layer: Layer.Layer<S, E, OAuthHttpClient.OAuthHttpClient>) =>
    (setting.verified === "not" ? layer : Layer.provide(layer, verifier)).pipe(Layer.provide(http))
})

function server(claims: Readonly<Record<string, Schema.Json>>, setting: Setting = {}) {
  return Effect.gen(function*() {
    const over = yield* document(
      {
        issuer: "https://as.example",
        token_endpoint: "https://as.example/token",
        authorization_endpoint: "https://as.example/authorize"
      },
      claims,
      setting
    )
    return yield* ServerMetadata.ServerMetadata.use(({ get }) => get("https://as.example")).pipe(
      Effect.map((metadata) => ({ metadata })),
      Effect.provide(over(ServerMetadata.layer))
    )
  })
}

function resource(claims: Readonly<Record<string, Schema.Json>>, setting: Setting = {}) {
  return Effect.gen(function*() {
    const over = yield* document(
      { resource: "https://api.example", authorization_servers: ["https://as.example"] },
      claims,
      setting
    )
    return yield* ProtectedResource.ProtectedResource.use(({ get }) => get("https://api.example")).pipe(
      Effect.map((metadata) => ({ metadata })),
      Effect.provide(over(ProtectedResource.layer()))
    )
  })
}

const wordsOf = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "JwtInvalid"
    ? `${reason._tag} ${reason.rule}`
    : reason._tag === "MetadataInvalid"
    ? `${reason._tag} ${reason.problem}`
    : reason._tag
