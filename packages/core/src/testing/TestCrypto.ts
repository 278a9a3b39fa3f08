/**
 * Cryptography for tests: repeatable, and without promises.
 *
 * WebCrypto resolves outside Effect's scheduler, so a test that moves
 * `TestClock` cannot wait for it, and a run that is to be repeated cannot draw
 * from it.
 *
 * @since 0.1.0
 */
import * as Aead from "effect/crypto/Aead"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Dpop from "../Dpop.ts"
import * as DpopKey from "../DpopKey.ts"
import type { OAuthError } from "../OAuthError.ts"
import * as P256 from "./internal/p256.ts"
import { seededBytes } from "./internal/seededBytes.ts"
import { sha256 } from "./internal/sha256.ts"

/**
 * A DPoP key that is the same for every run with the seed, and signs at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dpopKey = (
  options?: { readonly seed?: number | undefined }
): Effect.Effect<DpopKey.DpopKey, OAuthError, Digest.Digest> => {
  const secret = P256.secretOf(seededBytes(options?.seed ?? 1)(32))
  const { x, y } = P256.publicOf(secret)
  return DpopKey.fromSigner({
    publicJwk: { kty: "EC", crv: "P-256", x: Base64Url.encode(x), y: Base64Url.encode(y) },
    sign: (data) => Effect.sync(() => P256.sign(secret, data))
  })
}

/**
 * Digests computed at once. SHA-256 only; any other algorithm dies.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDigest: Layer.Layer<Digest.Digest> = Layer.succeed(Digest.Digest, {
  digest: (algorithm, data) =>
    algorithm.name === "SHA-256"
      ? Effect.sync(() => sha256(data))
      : Effect.die(new Error(`TestCrypto computes SHA-256 and not ${algorithm.name}`)),
  digestHex: (algorithm, data) =>
    algorithm.name === "SHA-256"
      ? Effect.sync(() => Hex.encode(sha256(data)))
      : Effect.die(new Error(`TestCrypto computes SHA-256 and not ${algorithm.name}`))
})

/**
 * Random values that repeat with the seed.
 *
 * **Gotchas**
 *
 * Two processes that are to differ need two seeds.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSecureRandom = (seed: number): Layer.Layer<SecureRandom.SecureRandom> =>
  Layer.sync(SecureRandom.SecureRandom, () => SecureRandom.make(seededBytes(seed)))

/**
 * Authenticated encryption computed at once.
 *
 * **Details**
 *
 * What is asked to be AES-256-GCM is ChaCha20-Poly1305, which needs no promise:
 * keys, nonces and ciphertexts are as long, and what was changed does not open.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAead: Layer.Layer<Aead.Aead, never, SecureRandom.SecureRandom> = Aead.layerWebCryptoWith({
  implementations: Aead.chacha20Poly1305.implementation === undefined
    ? {}
    : { aes256Gcm: Aead.chacha20Poly1305.implementation }
})

/**
 * All of it: {@link layerAead}, {@link layerDigest} and {@link layerSecureRandom}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: { readonly seed?: number | undefined }
): Layer.Layer<Aead.Aead | Digest.Digest | SecureRandom.SecureRandom> =>
  Layer.merge(layerAead, layerDigest).pipe(Layer.provideMerge(layerSecureRandom(options?.seed ?? 1)))

/**
 * Proves with {@link dpopKey}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDpop = (
  options?: Dpop.Options & { readonly seed?: number | undefined }
): Layer.Layer<Dpop.Dpop, never, Digest.Digest | SecureRandom.SecureRandom> =>
  Layer.orDie(Dpop.layerWith(Effect.suspend(() => dpopKey(options)), options))
