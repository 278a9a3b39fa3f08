import { Pkce, PlatformDigest } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { Digest, SecureRandom, WebCrypto } from "effect/crypto"

const algorithms = [Digest.md5, Digest.sha1, Digest.sha256, Digest.sha384, Digest.sha512]

describe("PlatformDigest", () => {
  for (const algorithm of algorithms) {
    it.effect.prop(
      `gives the bytes of WebCrypto by ${algorithm.name}`,
      [Schema.Uint8Array],
      ([data]) =>
        Effect.gen(function*() {
          const { digest, digestHex } = yield* built
          const web = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)

          const bytes = yield* digest(algorithm, data)

          assert.deepStrictEqual(bytes, yield* web.digest(algorithm, data))
          assert.strictEqual(Object.getPrototypeOf(bytes), Uint8Array.prototype)
          assert.strictEqual(yield* digestHex(algorithm, data), yield* web.digestHex(algorithm, data))
        })
    )
  }

  it.effect("gives the digest of a part of a buffer, and leaves it as it was", () =>
    Effect.gen(function*() {
      const whole = Uint8Array.from({ length: 100 }, (_, index) => index)
      const { digest } = yield* built

      const bytes = yield* digest(Digest.sha256, whole.subarray(10, 20))

      assert.deepStrictEqual(bytes, yield* digest(Digest.sha256, whole.slice(10, 20)))
      assert.deepStrictEqual(whole, Uint8Array.from({ length: 100 }, (_, index) => index))
    }))

  it.effect("gives it at once on Node", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* isAtOnce(yield* built))
    }))

  it.effect("is left alone where another WebCrypto is in context", () =>
    Effect.gen(function*() {
      const { asked, crypto } = counting()
      const digests = yield* Effect.provide(built, WebCrypto.layer(crypto))

      yield* digests.digest(Digest.sha256, sample)

      assert.deepStrictEqual(asked, ["SHA-256"])
    }))

  it.effect("is what a pair for PKCE takes", () =>
    Effect.gen(function*() {
      const { challenge, verifier } = yield* Pkce.make

      assert.strictEqual(
        challenge,
        yield* Effect.provide(Pkce.challenge(verifier), Digest.layerWebCrypto)
      )
      assert.strictEqual(Redacted.value(verifier).length, 43)
    }).pipe(Effect.provide([PlatformDigest.layer, SecureRandom.layerWebCrypto])))

  describe("elsewhere", { concurrent: false }, () => {
    const places: ReadonlyArray<readonly [string, unknown]> = [
      ["without a process, as in browsers", undefined],
      ["whose process has no modules, as bundlers make one", { env: {} }],
      ["whose process refuses modules", {
        getBuiltinModule: () => {
          throw new Error("no such module")
        }
      }],
      ["whose process has no such module", { getBuiltinModule: () => undefined }],
      ["whose module has no hash at once", { getBuiltinModule: () => ({ webcrypto: crypto }) }],
      ["whose WebCrypto is not the platform's", { getBuiltinModule: () => ({ webcrypto: {}, hash: wrong }) }]
    ]
    for (const [place, process] of places) {
      it.effect(`is WebCrypto's in a place ${place}`, () =>
        Effect.gen(function*() {
          const digests = yield* builtIn(process)

          assert.isFalse(yield* isAtOnce(digests))
          assert.strictEqual(yield* digests.digestHex(Digest.sha256, sample), abc)
        }))
    }

    it.effect("is WebCrypto's for what the platform's hash refuses", () =>
      Effect.gen(function*() {
        const asked: Array<string> = []
        const digests = yield* builtIn({
          getBuiltinModule: (name: string) => ({
            webcrypto: crypto,
            hash: (algorithm: string) => {
              asked.push(name, algorithm)
              throw new Error("not implemented")
            }
          })
        })

        assert.strictEqual(yield* digests.digestHex(Digest.sha256, sample), abc)
        assert.deepStrictEqual(asked, ["node:crypto", "SHA256"])
      }))
  })
})

const sample = new TextEncoder().encode("abc")

// FIPS 180-4, appendix B.1 of its first edition
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

const built = Effect.provide(Digest.Digest, PlatformDigest.layer)

const wrong = () => new Uint8Array(32)

/** What is built while the process is another one. Nothing else runs meanwhile. */
const builtIn = (process: unknown) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const own = Object.getOwnPropertyDescriptor(globalThis, "process")
      Object.defineProperty(globalThis, "process", { value: process, configurable: true })
      return own
    }),
    () => built,
    (own) => Effect.sync(() => own && Object.defineProperty(globalThis, "process", own))
  )

const isAtOnce = ({ digest }: Digest.Digest["Service"]) =>
  Effect.map(
    Effect.forkChild(digest(Digest.sha256, sample), { startImmediately: true }),
    (fiber) => fiber.pollUnsafe() !== undefined
  )

/** A WebCrypto that tells what it was asked for. */
const counting = () => {
  const asked: Array<string> = []
  const subtle = new Proxy(crypto.subtle, {
    get: (target, name) => (algorithm: string, data: BufferSource) => {
      asked.push(algorithm)
      assert.strictEqual(name, "digest")
      return target.digest(algorithm, data)
    }
  })
  return {
    asked,
    crypto: new Proxy(crypto, { get: (target, name) => name === "subtle" ? subtle : Reflect.get(target, name) })
  }
}
