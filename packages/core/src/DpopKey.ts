/**
 * Keys for DPoP (RFC 9449): what proves that a token is in the hands to which it
 * was issued. The private half signs and is never seen: not by this library,
 * not in a log.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import { WebCrypto } from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Algorithms from "./internal/dpopAlgorithms.ts"
import * as OAuthError from "./OAuthError.ts"

const TypeId = "~@effect-oauth/core/DpopKey"

/**
 * The algorithms that can be used, by their JOSE names. All are asymmetric (RFC
 * 9449, section 11.6); `ES256` is the one that every server knows.
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = "ES256" | "ES384" | "ES512" | "EdDSA" | "PS256"

/**
 * A public key as a JWK, with the members that its thumbprint is made of and no
 * others (RFC 7638, section 3.2).
 *
 * @category models
 * @since 0.1.0
 */
export type PublicJwk = Readonly<Record<string, string>>

/**
 * A key that signs proofs.
 *
 * @category models
 * @since 0.1.0
 */
export interface DpopKey {
  readonly [TypeId]: typeof TypeId
  readonly algorithm: Algorithm
  readonly publicJwk: PublicJwk
  /** The SHA-256 thumbprint of the public key (RFC 7638), by which grants name it. */
  readonly thumbprint: string
  /** Signs, as JWS has it: an elliptic curve's signature is `r` and `s`, one after the other. */
  readonly sign: (data: Uint8Array) => Effect.Effect<Uint8Array, OAuthError.OAuthError>
}

/**
 * Generates a pair of keys whose private half cannot be taken out: to be kept
 * where `CryptoKey`s can be kept, IndexedDB for example.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generateKeyPair = (
  algorithm: Algorithm = "ES256"
): Effect.Effect<CryptoKeyPair, OAuthError.OAuthError> =>
  Effect.flatMap(
    subtly("cannot be generated on this platform", (subtle) =>
      subtle.generateKey(Algorithms.algorithms[algorithm].generate, false, ["sign", "verify"])),
    (pair) =>
      "privateKey" in pair ? Effect.succeed(pair) : invalid("cannot be generated on this platform")
  )

/**
 * Generates a key that lives and ends with this process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate = (
  algorithm?: Algorithm
): Effect.Effect<DpopKey, OAuthError.OAuthError, Digest.Digest> =>
  Effect.flatMap(generateKeyPair(algorithm), fromKeyPair)

/**
 * Takes a pair of `CryptoKey`s. The private key needs the usage `sign`, and is
 * best not extractable; the two must belong together.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromKeyPair = Effect.fnUntraced(function*(
  pair: CryptoKeyPair
): Effect.fn.Return<DpopKey, OAuthError.OAuthError, Digest.Digest> {
  const { privateKey, publicKey } = pair
  if (privateKey?.type !== "private" || publicKey?.type !== "public") return yield* invalid("is not a pair of keys")
  if (!privateKey.usages.includes("sign")) return yield* invalid("has a private key that may not sign")
  const jwk = yield* subtly("has a public key that cannot be read", (subtle) => subtle.exportKey("jwk", publicKey))
  return yield* fromCryptoKey(privateKey, jwk)
})

/**
 * Takes a private key as a JWK, or as the JSON text of one: from `Config`, a
 * vault, or wherever secrets are kept. Several processes that share a store
 * share such a key.
 *
 * **Gotchas**
 *
 * An RSA key is used with `PS256` alone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromJwk = Effect.fnUntraced(function*(
  secret: Redacted.Redacted<JsonWebKey | string>
): Effect.fn.Return<DpopKey, OAuthError.OAuthError, Digest.Digest> {
  const jwk = jwkOf(Redacted.value(secret))
  const algorithm = jwk === undefined ? undefined : Algorithms.algorithmOf(jwk)
  if (jwk === undefined || algorithm === undefined) return yield* invalid(unknownKey)
  if (typeof jwk.d !== "string") return yield* invalid("has no private part")
  // its own words on use and export do not count
  const { alg: _, ext: __, key_ops: ___, use: ____, ...parts } = jwk
  const privateKey = yield* subtly(
    "is not one that this platform can use",
    (subtle) => subtle.importKey("jwk", parts, Algorithms.algorithms[algorithm].import, false, ["sign"])
  )
  return yield* fromCryptoKey(privateKey, jwk)
})

/**
 * Takes a key that is somewhere else: a KMS, a security module, an agent. What
 * is not public never comes here.
 *
 * **Gotchas**
 *
 * Many of them answer with an elliptic curve's signature in DER. JWS has `r` and
 * `s` one after the other, each as long as the curve's numbers: convert it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSigner = Effect.fnUntraced(function*(options: {
  readonly publicJwk: JsonWebKey
  readonly sign: (data: Uint8Array) => Effect.Effect<Uint8Array, OAuthError.OAuthError>
}): Effect.fn.Return<DpopKey, OAuthError.OAuthError, Digest.Digest> {
  const algorithm = Algorithms.algorithmOf(options.publicJwk)
  const publicJwk = algorithm === undefined ? undefined : Algorithms.publicPart(options.publicJwk)
  if (algorithm === undefined || publicJwk === undefined) return yield* invalid(unknownKey)
  const { signatureLength } = Algorithms.algorithms[algorithm]
  return {
    [TypeId]: TypeId,
    algorithm,
    publicJwk,
    thumbprint: yield* thumbprint(publicJwk),
    sign: (data) =>
      Effect.flatMap(
        options.sign(data),
        (signature) =>
          signatureLength === undefined || signature.length === signatureLength
            ? Effect.succeed(signature)
            : invalid(`gave a signature that is not ${signatureLength} bytes long, which JWS wants`)
      )
  }
})

/**
 * The SHA-256 thumbprint of a public key (RFC 7638), base64url. It is also the
 * value of `dpop_jkt` (RFC 9449, section 10). Members that are not part of the
 * public key do not count.
 *
 * @category getters
 * @since 0.1.0
 */
export const thumbprint = Effect.fnUntraced(function*(
  jwk: JsonWebKey
): Effect.fn.Return<string, OAuthError.OAuthError, Digest.Digest> {
  const digest = yield* Digest.Digest
  const members = Algorithms.publicPart(jwk)
  if (members === undefined) return yield* invalid(unknownKey)
  return Base64Url.encode(yield* digest.digest(Digest.sha256, new TextEncoder().encode(JSON.stringify(members))))
})

const jwkOf = (value: JsonWebKey | string): JsonWebKey | undefined => {
  if (typeof value !== "string") return value
  try {
    const json: unknown = JSON.parse(value)
    return typeof json === "object" && json !== null ? json : undefined
  } catch {
    // the parser's message quotes the text
    return undefined
  }
}

const fromCryptoKey = Effect.fnUntraced(function*(
  privateKey: CryptoKey,
  publicJwk: JsonWebKey
): Effect.fn.Return<DpopKey, OAuthError.OAuthError, Digest.Digest> {
  const algorithm = Algorithms.algorithmOf(publicJwk)
  const members = algorithm === undefined ? undefined : Algorithms.publicPart(publicJwk)
  if (algorithm === undefined || members === undefined) return yield* invalid(unknownKey)
  const { import: asImported, sign } = Algorithms.algorithms[algorithm]
  const { subtle } = yield* WebCrypto
  const mark = yield* thumbprint(members)
  const key: DpopKey = {
    [TypeId]: TypeId,
    algorithm,
    publicJwk: members,
    thumbprint: mark,
    sign: (data) =>
      Effect.tryPromise({
        try: () => subtle.sign(sign, privateKey, new Uint8Array(data)),
        catch: () => OAuthError.make("DpopKey", "sign", new OAuthError.KeyUnavailable({ use: "dpop", keyId: mark }))
      }).pipe(Effect.map((signature) => new Uint8Array(signature)))
  }
  // a pair that does not belong together, or a key of another kind than it says, is found out here and not by a server
  const sample = new TextEncoder().encode(mark)
  const signature = yield* Effect.mapError(key.sign(sample), () => problem("cannot sign"))
  const fits = yield* subtly(
    "is not one that this platform can use",
    (subtle) =>
      subtle.importKey("jwk", members, asImported, true, ["verify"]).then((publicKey) =>
        subtle.verify(sign, publicKey, new Uint8Array(signature), sample)
      )
  )
  return fits ? key : yield* invalid("has a private and a public part that do not belong together")
})

const subtly = <A>(
  text: string,
  run: (subtle: SubtleCrypto) => Promise<A>
): Effect.Effect<A, OAuthError.OAuthError> =>
  Effect.flatMap(
    WebCrypto,
    (crypto) => Effect.tryPromise({ try: () => run(crypto.subtle), catch: () => problem(text) })
  )

const unknownKey =
  "is not a key for ES256, ES384, ES512, EdDSA or PS256 (a JWK with its public members, RSA from 2048 bits)"

const problem = (text: string): OAuthError.OAuthError =>
  OAuthError.make("DpopKey", "make", new OAuthError.ConfigurationInvalid({ field: "dpopKey", problem: text }))

const invalid = (text: string): Effect.Effect<never, OAuthError.OAuthError> => Effect.fail(problem(text))
