import { Pkce } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { canary, leaks } from "./support/secrets.ts"

describe("Pkce", () => {
  describe("challenge", () => {
    it.effect("is the one of RFC 7636, appendix B [7636-4.2-b]", () =>
      Effect.gen(function*() {
        const challenge = yield* Pkce.challenge(Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))

        assert.strictEqual(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
      }).pipe(Effect.provide(crypto)))
  })

  describe("make", () => {
    it.effect("writes 32 random bytes as 43 characters without padding [7636-4.1-c] [7636-4.1-d] [2.1-4.1.1-f] [7636-7.1-a] [6749-10.10-a] [2.1-4.1.1-e]", () =>
      Effect.gen(function*() {
        const { challenge, verifier } = yield* Pkce.make

        assert.strictEqual(Redacted.value(verifier), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
        assert.strictEqual(challenge, yield* Pkce.challenge(verifier))
        assert.deepStrictEqual(drawn, [32])
      }).pipe(Effect.provide(Layer.merge(counting, Digest.layerWebCrypto))))

    it.effect("never gives a verifier twice [7636-4.1-a] [6749-10.10-b]", () =>
      Effect.gen(function*() {
        const pairs = yield* Effect.all(Array.from({ length: 100 }, () => Pkce.make))

        assert.strictEqual(new Set(pairs.map(({ verifier }) => Redacted.value(verifier))).size, 100)
      }).pipe(Effect.provide(crypto)))

    it.effect("is by S256, and by plain only under the name that says so [7636-4.2-a] [7636-7.2-b]", () =>
      Effect.gen(function*() {
        const made = yield* Pkce.make
        const insecure = yield* Pkce.makeInsecurePlain

        assert.strictEqual(made.method, "S256")
        assert.notStrictEqual(made.challenge, Redacted.value(made.verifier))
        assert.strictEqual(insecure.method, "plain")
        assert.strictEqual(insecure.challenge, Redacted.value(insecure.verifier))
      }).pipe(Effect.provide(crypto)))

    it.effect("keeps the verifier out of strings", () =>
      Effect.gen(function*() {
        const verifier = Redacted.make(canary)

        assert.deepStrictEqual(leaks({ verifier, challenge: yield* Pkce.challenge(verifier) }), [])
      }).pipe(Effect.provide(crypto)))
  })

  describe("isVerifier", () => {
    const cases: ReadonlyArray<readonly [string, string, boolean]> = [
      ["42 characters", "a".repeat(42), false],
      ["43 characters", "a".repeat(43), true],
      ["128 characters", "-._~".repeat(32), true],
      ["129 characters", "a".repeat(129), false],
      ["a plus sign", `${"a".repeat(42)}+`, false],
      ["a line break", `${"a".repeat(43)}\n`, false]
    ]

    for (const [name, text, expected] of cases) {
      it(`${expected ? "accepts" : "refuses"} ${name} [7636-4.1-b]`, () =>
        assert.strictEqual(Pkce.isVerifier(text), expected))
    }
  })
})

const crypto = Layer.merge(SecureRandom.layerWebCrypto, Digest.layerWebCrypto)

/** How many bytes were drawn each time. */
const drawn: Array<number> = []

const counting = Layer.succeed(
  SecureRandom.SecureRandom,
  SecureRandom.make((size) => {
    drawn.push(size)
    return Uint8Array.from({ length: size }, (_, index) => index)
  })
)
