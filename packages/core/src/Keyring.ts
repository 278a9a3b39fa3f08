/**
 * The keys that seal what stores keep: one seals, all of them open.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Aead from "effect/crypto/Aead"
import type { CryptoError } from "effect/crypto/CryptoError"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Configuration from "./Configuration.ts"
import * as OAuthError from "./OAuthError.ts"
import * as PlatformDigest from "./PlatformDigest.ts"

/**
 * Sealed text, and the key that opens it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sealed {
  readonly keyId: string
  readonly ciphertext: string
}

/**
 * What sealed text is bound to: it opens only with the same.
 *
 * @category models
 * @since 0.1.0
 */
export type Place = ReadonlyArray<string | number>

/**
 * The keys of a keyring, by names of your own: a date, for example.
 *
 * **Details**
 *
 * A key is 32 random bytes in Base64 or Base64Url (`openssl rand -base64 32`).
 * `current` names the one that seals; the others only open. A name has up to 32
 * letters, digits, `-`, `_` and `.`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly current: string
  readonly keys: Readonly<Record<string, Redacted.Redacted>>
}

/**
 * Seals and opens.
 *
 * @category services
 * @since 0.1.0
 */
export class Keyring extends Context.Service<Keyring, {
  /**
   * Identifies the key that seals.
   */
  readonly current: string

  /**
   * Seals text with the current key, bound to a place.
   */
  readonly seal: (text: Redacted.Redacted, place: Place) => Effect.Effect<Sealed, OAuthError.KeyUnavailable>

  /**
   * Opens what was sealed; none when it was changed or is bound to another place.
   */
  readonly open: (
    sealed: Sealed,
    place: Place
  ) => Effect.Effect<Option.Option<Redacted.Redacted>, OAuthError.KeyUnavailable>
}>()("@effect-oauth/core/Keyring") {}

/**
 * Makes a keyring of AES-256-GCM keys.
 *
 * **Details**
 *
 * - The associated data is the id of the key and the place, so neither can be
 *   exchanged. Each seal has a random nonce.
 * - The id of a key is its name and the first eight digits of a digest of it. A
 *   name that stands for other bytes today is therefore a key that is not here
 *   (`KeyUnavailable`), and not mistaken for a ciphertext that was tampered with.
 * - Every key is tried once, here: a platform that cannot encrypt, or a key that
 *   is none, fails before there is anything to seal.
 *
 * **Gotchas**
 *
 * Random nonces are safe for about 2^32 seals with one key: at a hundred
 * renewals a second, more than a year. Rotate before.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*({ current, keys }: Options): Effect.fn.Return<
  Keyring["Service"],
  OAuthError.OAuthError,
  Aead.Aead | Digest.Digest | SecureRandom.SecureRandom
> {
  const ring = new Map<string, Aead.Key>()
  let sealing: string | undefined

  for (const [name, text] of Object.entries(keys)) {
    if (!nameLike.test(name)) {
      return yield* invalid("keys", "has a key whose name is not 1 to 32 letters, digits, -, _ and .")
    }
    const bytes = keyBytes(text)
    if (bytes === undefined) {
      return yield* invalid(
        "keys",
        `the key "${name}" is not the Base64 of 32 bytes; make one: openssl rand -base64 32`
      )
    }
    const id = `${name}.${yield* fingerprint(bytes)}`
    ring.set(id, yield* Effect.mapError(Aead.key(Aead.aes256Gcm, bytes), () => unusable(id)))
    if (name === current) sealing = id
  }
  return yield* fromRing(ring, sealing)
})

/**
 * Makes a keyring of `CryptoKey`s: AES-GCM keys of 256 bits that may encrypt and
 * decrypt, and that are best not extractable, as a browser keeps them.
 *
 * **Gotchas**
 *
 * A key that cannot be taken out has no digest: its id is its name. Never give a
 * name to another key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromCryptoKeys = Effect.fnUntraced(function*(options: {
  readonly current: string
  readonly keys: Readonly<Record<string, CryptoKey>>
}): Effect.fn.Return<Keyring["Service"], OAuthError.OAuthError, Aead.Aead | SecureRandom.SecureRandom> {
  const ring = new Map<string, Aead.Key>()
  for (const [name, key] of Object.entries(options.keys)) {
    const usable = yield* Effect.mapError(
      Aead.fromCryptoKey(Aead.aes256Gcm, key),
      () => configurationInvalid("keys", `the key "${name}" is no AES-GCM key of 256 bits that encrypts and decrypts`)
    )
    ring.set(name, usable)
  }
  return yield* fromRing(ring, options.current)
})

/**
 * A keyring, with WebCrypto.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Keyring, OAuthError.OAuthError> =>
  layerWith(options).pipe(
    Layer.provide([Aead.layerWebCrypto, PlatformDigest.layer]),
    Layer.provide(SecureRandom.layerWebCrypto)
  )

/**
 * A keyring whose options are read from `Config`.
 *
 * **Example** (Keys in one variable)
 *
 * ```ts
 * import { Keyring } from "@effect-oauth/core"
 * import { Config, Schema } from "effect"
 *
 * // SEAL_KEY=2026-11
 * // SEAL_KEYS=2026-11=k0Yb…,2026-05=Zx9Q…
 * const keyring = Keyring.layerConfig({
 *   current: Config.String("SEAL_KEY"),
 *   keys: Config.Record(Schema.String, Schema.RedactedFromValue(Schema.String), "SEAL_KEYS")
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Configuration.Options<Options>
): Layer.Layer<Keyring, OAuthError.OAuthError> => Configuration.layer(options, layer)

/**
 * A keyring, with cryptography and randomness from the context: for tests, and
 * for platforms without WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (
  options: Options
): Layer.Layer<Keyring, OAuthError.OAuthError, Aead.Aead | Digest.Digest | SecureRandom.SecureRandom> =>
  Layer.effect(Keyring, make(options))

// Each key is tried once, before there is anything to seal.
const fromRing = Effect.fnUntraced(function*(
  ring: ReadonlyMap<string, Aead.Key>,
  keyId: string | undefined
): Effect.fn.Return<Keyring["Service"], OAuthError.OAuthError, Aead.Aead | SecureRandom.SecureRandom> {
  const aead = yield* Aead.Aead
  const random = yield* SecureRandom.SecureRandom
  for (const [id, key] of ring) {
    const nonce = yield* random.randomBytes(nonceLength)
    yield* Effect.mapError(aead.encrypt(key, new Uint8Array(0), { nonce }), () => unusable(id))
  }
  const sealingKey = keyId === undefined ? undefined : ring.get(keyId)
  if (keyId === undefined || sealingKey === undefined) return yield* invalid("current", "names none of the keys")

  return Keyring.of({
    current: keyId,
    seal: Effect.fnUntraced(function*(text, place) {
      const nonce = yield* random.randomBytes(nonceLength)
      const plaintext = new TextEncoder().encode(Redacted.value(text))
      const ciphertext = yield* Effect.mapError(
        aead.encrypt(sealingKey, plaintext, { nonce, aad: bind(keyId, place) }),
        () => unavailable(keyId)
      )
      const bytes = new Uint8Array(nonce.length + ciphertext.length)
      bytes.set(nonce)
      bytes.set(ciphertext, nonce.length)
      return { keyId, ciphertext: Base64Url.encode(bytes) }
    }),
    open: Effect.fnUntraced(function*({ ciphertext, keyId }, place) {
      const key = ring.get(keyId)
      if (key === undefined) return yield* Effect.fail(unavailable(keyId))
      const bytes = Result.getOrUndefined(Base64Url.decode(ciphertext))
      if (bytes === undefined || bytes.length < nonceLength) return Option.none()
      return yield* aead.decrypt(key, bytes.subarray(nonceLength), {
        nonce: bytes.subarray(0, nonceLength),
        aad: bind(keyId, place)
      }).pipe(
        Effect.map((plaintext) => Option.some(Redacted.make(new TextDecoder().decode(plaintext)))),
        Effect.catch((error) => isForgery(error) ? Effect.succeed(Option.none()) : Effect.fail(unavailable(keyId)))
      )
    })
  })
})

const nonceLength = Aead.aes256Gcm.nonceLength

// short enough that a key in the place of its name is refused, and not repeated in an error
const nameLike = /^[\w.-]{1,32}$/

const keyBytes = (text: Redacted.Redacted): Uint8Array | undefined => {
  const base64Url = Redacted.value(text).trim().replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
  const bytes = Result.getOrUndefined(Base64Url.decode(base64Url))
  return bytes?.length === Aead.aes256Gcm.keyLength ? bytes : undefined
}

const fingerprint = (bytes: Uint8Array): Effect.Effect<string, never, Digest.Digest> =>
  Effect.gen(function*() {
    const digest = yield* Digest.Digest
    const prefix = new TextEncoder().encode("@effect-oauth/core/Keyring\u0000")
    const material = new Uint8Array(prefix.length + bytes.length)
    material.set(prefix)
    material.set(bytes, prefix.length)
    return Hex.encode((yield* digest.digest(Digest.sha256, material)).subarray(0, 4))
  })

// an array in JSON: no two places have the same bytes
const bind = (keyId: string, place: Place): Uint8Array => new TextEncoder().encode(JSON.stringify([keyId, ...place]))

const isForgery = (error: CryptoError): boolean => error.reason._tag === "DecryptionFailed"

const unavailable = (keyId: string): OAuthError.KeyUnavailable => new OAuthError.KeyUnavailable({ use: "seal", keyId })

const unusable = (keyId: string): OAuthError.OAuthError => OAuthError.make("Keyring", "make", unavailable(keyId))

const configurationInvalid = (field: string, problem: string): OAuthError.OAuthError =>
  OAuthError.make("Keyring", "make", new OAuthError.ConfigurationInvalid({ field, problem }))

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(configurationInvalid(field, problem))
