import { AuthorizationServer } from "@effect-oauth/core"
import { Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import * as OpenId from "../support/OpenId.ts"

describe("Jwks", () => {
  it.effect("is fetched once, whoever asks for it, and kept", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const token = yield* provider.signer.sign(OpenId.claims())

      yield* Effect.gen(function*() {
        yield* Effect.all(Array.from({ length: 20 }, () => OpenId.verify(token)), { concurrency: "unbounded" })
        yield* OpenId.verify(token)
      }).pipe(Effect.provide(OpenId.verifier(provider)))

      assert.deepStrictEqual(provider.requests.map(({ headers, method, url }) => [method, url, headers["accept"]]), [
        ["GET", "https://op.test/jwks", "application/json"]
      ])
    }))

  it.effect("is fetched again when its time has passed", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()

      yield* Effect.gen(function*() {
        yield* key("test-key-1")
        yield* TestClock.adjust("9 minutes")
        yield* key("test-key-1")
        assert.strictEqual(provider.requests.length, 1)
        yield* TestClock.adjust("1 minute")
        yield* key("test-key-1")
        assert.strictEqual(provider.requests.length, 2)
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("is fetched again for a key that was rotated in [OIDC-10.1.1-a]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()

      yield* Effect.gen(function*() {
        yield* OpenId.verify(yield* provider.signer.sign(OpenId.claims()))
        yield* provider.signer.rotate()
        yield* OpenId.verify(yield* provider.signer.sign(OpenId.claims()))
        assert.strictEqual(provider.requests.length, 2)
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("is fetched again for a key that took the place of one without a name", () =>
    Effect.gen(function*() {
      const { first, http, requests, second, signer } = yield* nameless()

      yield* Effect.gen(function*() {
        yield* OpenId.verify(first)
        yield* OpenId.verify(second)
        assert.strictEqual(requests.length, 2)
      }).pipe(Effect.provide(OpenId.verifier({ signer, http })))
    }))

  it.effect("is not fetched at every name that somebody makes up [OIDC-10.1.1-a] [G04]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()

      yield* Effect.gen(function*() {
        for (let minute = 0; minute < 10; minute++) {
          for (let i = 0; i < 100; i++) {
            const token = yield* provider.signer.signWith(OpenId.claims(), { kid: `made-up-${minute}-${i}` })
            assert.strictEqual(OpenId.ruleOf(yield* Effect.flip(OpenId.verify(token))), "key")
          }
          yield* TestClock.adjust("30 seconds")
        }
        assert.strictEqual(provider.requests.length, 11)
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("is used beyond its time while it cannot be fetched, and not for ever", () =>
    Effect.gen(function*() {
      const signer = yield* TestSigner.make()
      const provider = yield* OpenId.provider({
        signer,
        jwks: (count) =>
          count === 1
            ? Effect.map(signer.jwks, (set) => TestHttp.json(set))
            : Effect.fail(new TestHttp.ConnectionFailed({ code: "ECONNREFUSED" }))
      })

      yield* Effect.gen(function*() {
        yield* key("test-key-1")
        yield* TestClock.adjust("69 minutes")
        assert.isDefined(yield* key("test-key-1"))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Effect.flip(key("test-key-1"))).reason._tag, "RequestNotSent")
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("that cannot be fetched is not asked for at every use", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider({ jwks: () => Effect.succeed(TestHttp.empty(503)) })

      yield* Effect.gen(function*() {
        for (let i = 0; i < 10; i++) {
          assert.strictEqual((yield* Effect.flip(key("x"))).reason._tag, "ServerUnavailable")
        }
        assert.strictEqual(provider.requests.length, 1)
        yield* TestClock.adjust("3 seconds")
        yield* Effect.flip(key("x"))
        assert.strictEqual(provider.requests.length, 2)
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("arrives for the others when who asked first goes away", () =>
    Effect.gen(function*() {
      const signer = yield* TestSigner.make()
      const provider = yield* OpenId.provider({
        signer,
        jwks: () => Effect.delay(Effect.map(signer.jwks, (set) => TestHttp.json(set)), "1 second")
      })

      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(key("test-key-1"), { startImmediately: true })
        const second = yield* Effect.forkChild(key("test-key-1"), { startImmediately: true })
        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("1 second")
        assert.isDefined(yield* Fiber.join(second))
        assert.strictEqual(provider.requests.length, 1)
      }).pipe(Effect.provide(OpenId.verifier(provider)))
    }))

  it.effect("is asked for over TLS only [8414-2-c]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const layer = Layer.provide(Jwks.layer({ uri: "http://op.test/jwks" }), [OpenId.description(), provider.http])

      const error = yield* Effect.flip(Effect.provide(key("x"), layer))
      const described = AuthorizationServer.make({
        provider: "test",
        tokenEndpoint: "https://op.test/token",
        jwksUri: "http://op.test/jwks"
      })

      assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "jwksUri")
      assert.isTrue(Result.isFailure(described))
      assert.deepStrictEqual(provider.requests, [])
    }))

  it.effect("that nobody named fails only who needs it [OIDD-3-a]", () =>
    Effect.gen(function*() {
      const provider = yield* OpenId.provider()
      const layer = Layer.provide(Jwks.layer(), [OpenId.description({ jwksUri: undefined }), provider.http])

      const error = yield* Effect.flip(Effect.provide(key("x"), layer))

      assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, "jwksUri")
    }))

  describe("of its keys", () => {
    const other = { alg: "ES256", kid: "k" } as const

    it.effect("takes one for a token without a name only if there is no other [OIDC-10.1-b]", () =>
      Effect.gen(function*() {
        const [one, two] = [yield* publicJwk("ES256"), yield* publicJwk("ES256")]

        assert.isDefined(yield* among([one], { alg: "ES256" }))
        assert.isUndefined(yield* among([one, two], { alg: "ES256" }))
        assert.isDefined(yield* among([one, yield* publicJwk("RS256")], { alg: "ES256" }))
      }))

    it.effect("takes of several with one name the one of the algorithm's kind that is to sign [FAPI2-5.4.3-a]", () =>
      Effect.gen(function*() {
        const [wanted, rsa, edwards, p384, sealing] = [
          yield* publicJwk("ES256"),
          yield* publicJwk("RS256"),
          yield* publicJwk("EdDSA"),
          yield* publicJwk("ES384"),
          yield* publicJwk("ES256")
        ]
        const others = [rsa, edwards, p384, { ...sealing, use: "enc" }, { ...sealing, alg: "ECDH-ES" }]
        const keys = [...others, wanted, ...others].map((jwk) => ({ ...jwk, kid: "k" }))

        const found = yield* among(keys, other)

        assert.strictEqual(found?.jwk.x, wanted.x)
      }))

    it.effect("takes neither of two with one name [G04]", () =>
      Effect.gen(function*() {
        const [one, two] = [yield* publicJwk("ES256"), yield* publicJwk("ES256")]

        assert.isUndefined(yield* among([{ ...one, kid: "k" }, { ...two, kid: "k" }], other))
      }))

    it.effect("passes over those that are not for this [G04]", () =>
      Effect.gen(function*() {
        const jwk = { ...(yield* publicJwk("ES256")), kid: "k" }

        assert.isDefined(yield* among([jwk], other))
        assert.isDefined(yield* among([{ ...jwk, use: "sig", alg: "ES256", key_ops: ["verify"] }], other))
        for (
          const change of [
            { use: "enc" },
            { alg: "ES384" },
            { key_ops: ["encrypt"] },
            { key_ops: "verify" },
            { kid: "l" },
            { kid: undefined },
            { crv: "P-384" },
            { kty: "RSA" },
            { x: "" },
            { x: "not base64url!" },
            { y: 1 }
          ]
        ) {
          assert.isUndefined(yield* among([JSON.parse(JSON.stringify({ ...jwk, ...change }))], other))
        }
      }))

    it.effect("passes over private and symmetric ones [OIDD-3-c] [G04]", () =>
      Effect.gen(function*() {
        const pair = yield* Effect.promise(() => jose.generateKeyPair("ES256", { extractable: true }))
        const secret = yield* Effect.promise(() => jose.exportJWK(pair.privateKey))

        assert.isUndefined(yield* among([{ ...secret, kid: "k" }], other))
        assert.isUndefined(yield* among([{ kty: "oct", k: "c2VjcmV0", kid: "k" }], { alg: "HS256", kid: "k" }))
      }))

    it.effect("passes over RSA keys of less than 2048 bits [G04]", () =>
      Effect.gen(function*() {
        const jwk = yield* publicJwk("RS256")
        const short = { ...jwk, n: String(jwk["n"]).slice(0, 171) }

        assert.isDefined(yield* among([jwk], { alg: "RS256" }))
        assert.isUndefined(yield* among([short], { alg: "RS256" }))
      }))

    it.effect("reads a hundred, and not ten thousand [G04]", () =>
      Effect.gen(function*() {
        const jwk = yield* publicJwk("ES256")
        const many = (count: number) => Array.from({ length: count }, (_, index) => ({ ...jwk, kid: `k${index}` }))

        assert.isDefined(yield* among(many(100), { alg: "ES256", kid: "k7" }))
        const error = yield* Effect.flip(among(many(10_000), { alg: "ES256", kid: "k7" }))
        assert.strictEqual(error.reason._tag, "ResponseInvalid")
      }))
  })

  describe("that is none", () => {
    const answers: ReadonlyArray<readonly [title: string, tag: string, answer: TestHttp.Answer]> = [
      ["a page", "ResponseInvalid", TestHttp.html("<p>sign in</p>")],
      ["an array", "ResponseInvalid", TestHttp.json([])],
      ["without keys", "ResponseInvalid", TestHttp.json({})],
      ["with keys that are no list", "ResponseInvalid", TestHttp.json({ keys: {} })],
      ["cut off", "ResponseInvalid", { ...TestHttp.json({}), body: "{\"keys\":[" }],
      ["of megabytes", "ResponseInvalid", TestHttp.json({ keys: [], filler: "x".repeat(2_000_000) })],
      ["not there", "AnswerLost", TestHttp.empty(404)],
      ["elsewhere", "RedirectRefused", TestHttp.redirect("https://elsewhere.test/jwks")]
    ]
    for (const [title, tag, answer] of answers) {
      it.effect(`${title} is refused`, () =>
        Effect.gen(function*() {
          const provider = yield* OpenId.provider({ jwks: () => Effect.succeed(answer) })

          const error = yield* Effect.flip(Effect.provide(key("x"), OpenId.verifier(provider)))

          assert.strictEqual(error.reason._tag, tag)
        }))
    }
  })

  it.effect.prop("whatever is in it, there is a key or a typed error", {
    keys: Schema.Array(Schema.Record(
      Schema.Literals(["kty", "crv", "kid", "alg", "use", "key_ops", "x", "y", "n", "e", "d"]),
      Schema.Union([Schema.Literals(["EC", "RSA", "OKP", "P-256", "ES256", "sig", "AQAB"]), Schema.Json])
    ))
  }, ({ keys }) =>
    Effect.gen(function*() {
      const signer = yield* TestSigner.make()
      const provider = yield* OpenId.provider({ signer, jwks: () => Effect.succeed(TestHttp.json({ keys })) })
      const token = yield* signer.sign(OpenId.claims())

      const error = yield* Effect.flip(Effect.provide(OpenId.verify(token), OpenId.verifier(provider)))

      assert.include(["JwtInvalid", "ResponseInvalid"], error.reason._tag)
    }), { arbitrary: { seed: "key sets" } })
})

const key = (kid: string) => Effect.flatMap(Jwks.Jwks, (jwks) => jwks.key({ alg: "ES256", kid }))

const among = Effect.fnUntraced(function*(keys: ReadonlyArray<Schema.JsonObject>, header: Jwks.Header) {
  const signer = yield* TestSigner.make()
  const provider = yield* OpenId.provider({ signer, jwks: () => Effect.succeed(TestHttp.json({ keys })) })
  return yield* Effect.flatMap(Jwks.Jwks, (jwks) => jwks.key(header)).pipe(Effect.provide(OpenId.verifier(provider)))
})

const publicJwk = (alg: string) =>
  Effect.promise(async () => {
    const { publicKey } = await jose.generateKeyPair(alg, { extractable: true })
    const jwk: Readonly<Record<string, Schema.Json>> = { ...await jose.exportJWK(publicKey) }
    return jwk
  })

// a server that publishes one key without a name, and has rotated it by the second time that it is asked
const nameless = Effect.fnUntraced(function*() {
  const signer = yield* TestSigner.make()
  const set = Effect.map(signer.jwks, ({ keys }) => ({
    keys: (keys as ReadonlyArray<Schema.JsonObject>).map(({ kid: _, ...key }) => key)
  }))
  const first = yield* signer.signWith(OpenId.claims(), {})
  const before = yield* set
  yield* signer.rotate("removed")
  const second = yield* signer.signWith(OpenId.claims(), {})
  const after = yield* set
  const provider = yield* OpenId.provider({
    signer,
    jwks: (count) => Effect.succeed(TestHttp.json(count === 1 ? before : after))
  })
  return { ...provider, first, second }
})
