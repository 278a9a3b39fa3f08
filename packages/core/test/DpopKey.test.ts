import { DpopKey } from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inspect } from "node:util"

describe("DpopKey", () => {
  describe("thumbprint", () => {
    it.effect("is that of the examples of RFC 9449 [9449-10-a]", () =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* DpopKey.thumbprint({ ...rfc9449, kid: "first", use: "sig" } as JsonWebKey),
          "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        )
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("is that of the example of RFC 7638", () =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* DpopKey.thumbprint({ kty: "RSA", n: rfc7638, e: "AQAB", alg: "RS256" }),
          "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        )
      }).pipe(Effect.provide(TestCrypto.layer())))
  })

  describe("generate", () => {
    for (const algorithm of ["ES256", "ES384", "ES512", "EdDSA", "PS256"] as const) {
      it.live(`makes a key that signs with ${algorithm}`, () =>
        Effect.gen(function*() {
          const pair = yield* DpopKey.generateKeyPair(algorithm)
          const key = yield* DpopKey.fromKeyPair(pair)

          assert.strictEqual(key.algorithm, algorithm)
          assert.isAbove((yield* key.sign(new Uint8Array(8))).length, 63)
        }).pipe(Effect.provide(TestCrypto.layer())))
    }

    it.live("makes a private key that cannot be taken out [9449-11.2-a]", () =>
      Effect.gen(function*() {
        const { privateKey } = yield* DpopKey.generateKeyPair()

        assert.isFalse(privateKey.extractable)
      }))
  })

  describe("fromKeyPair", () => {
    it.live("refuses two halves that do not belong together", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([DpopKey.generateKeyPair(), DpopKey.generateKeyPair()])

        const error = yield* Effect.flip(
          DpopKey.fromKeyPair({ privateKey: one.privateKey, publicKey: other.publicKey })
        )

        assert.include(error.message, "do not belong together")
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.live("refuses halves that are exchanged", () =>
      Effect.gen(function*() {
        const { privateKey, publicKey } = yield* DpopKey.generateKeyPair()

        const error = yield* Effect.flip(DpopKey.fromKeyPair({ privateKey: publicKey, publicKey: privateKey }))

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }).pipe(Effect.provide(TestCrypto.layer())))
  })

  describe("fromJwk", () => {
    it.live("takes a private key, and its text", () =>
      Effect.gen(function*() {
        const jwk = yield* privateJwk

        const keys = yield* Effect.all([
          DpopKey.fromJwk(Redacted.make(jwk)),
          DpopKey.fromJwk(Redacted.make(JSON.stringify(jwk)))
        ])

        assert.strictEqual(keys[0].thumbprint, keys[1].thumbprint)
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.live("shows nothing of a key's private part [9449-4.2-e]", () =>
      Effect.gen(function*() {
        const jwk = yield* privateJwk
        const key = yield* DpopKey.fromJwk(Redacted.make(jwk))

        const shown = [inspect(key, { depth: 10, showHidden: true }), JSON.stringify(key), String(key)].join()
        assert.isString(jwk.d)
        assert.notInclude(shown, jwk.d ?? "")
      }).pipe(Effect.provide(TestCrypto.layer())))

    for (
      const [title, jwk] of [
        ["HS256 [9449-4.2-c]", { kty: "oct", k: "c2VjcmV0", alg: "HS256" }],
        ["RS1 [9449-11.6-a]", { kty: "RSA", n: "A".repeat(342), e: "AQAB", d: "AQ", alg: "RS1" }],
        ["none [9449-11.6-b]", { kty: "EC", crv: "P-256", x: "AA", y: "AA", d: "AA", alg: "none" }],
        ["RSA of 1024 bits", { kty: "RSA", n: "A".repeat(171), e: "AQAB", d: "AQ" }],
        ["a curve that is not for JOSE", { kty: "EC", crv: "secp256k1", x: "AA", y: "AA", d: "AA" }],
        ["a public key alone", { kty: "EC", crv: "P-256", x: "AA", y: "AA" }],
        ["a point that is not on the curve", { kty: "EC", crv: "P-256", x: "AA", y: "AA", d: "AA" }],
        ["a text that is no JSON", "{\"kty\":\"EC\",\"d\":\"hush"],
        ["a text that is no object", "null"]
      ] as const
    ) {
      it.live(`refuses ${title}, and quotes nothing of it`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(DpopKey.fromJwk(Redacted.make<JsonWebKey | string>(jwk)))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
          assert.notInclude(inspect(error, { depth: 10 }), "hush")
        }).pipe(Effect.provide(TestCrypto.layer())))
    }
  })

  describe("fromSigner", () => {
    it.effect("does not take a signature in DER", () =>
      Effect.gen(function*() {
        const key = yield* DpopKey.fromSigner({
          publicJwk: rfc9449,
          sign: () => Effect.succeed(new Uint8Array(71))
        })

        const error = yield* Effect.flip(key.sign(new Uint8Array()))

        assert.include(error.message, "64 bytes")
      }).pipe(Effect.provide(TestCrypto.layer())))

    it.effect("leaves out the private part of what it is given as public [9449-4.2-e]", () =>
      Effect.gen(function*() {
        const key = yield* DpopKey.fromSigner({
          publicJwk: { ...rfc9449, d: "hush", k: "hush" },
          sign: () => Effect.succeed(new Uint8Array(64))
        })

        assert.deepStrictEqual(Object.keys(key.publicJwk), ["crv", "kty", "x", "y"])
      }).pipe(Effect.provide(TestCrypto.layer())))
  })
})

const rfc9449: JsonWebKey = {
  kty: "EC",
  crv: "P-256",
  x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
  y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
}

const rfc7638 =
  "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" +
  "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ" +
  "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK" +
  "nqDKgw"

const privateJwk = Effect.promise(async () => {
  const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify"
  ])
  return crypto.subtle.exportKey("jwk", privateKey)
})
