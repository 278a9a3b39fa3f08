/**
 * Proof Key for Code Exchange (RFC 7636): a secret of one login, of which the
 * authorization request shows the digest and the token request the secret.
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"

/**
 * A code verifier and its S256 challenge. The method `plain` is not offered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pkce {
  readonly verifier: Redacted.Redacted
  readonly challenge: string
}

/**
 * Makes a pair of 32 random bytes (RFC 7636, sections 4.1 and 7.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Pkce, never, SecureRandom.SecureRandom | Digest.Digest> = Effect.gen(function*() {
  const random = yield* SecureRandom.SecureRandom
  const verifier = Redacted.make(Base64Url.encode(yield* random.randomBytes(32)))
  return { verifier, challenge: yield* challenge(verifier) }
})

/**
 * The S256 challenge of a verifier: the SHA-256 digest of its characters,
 * base64url without padding (RFC 7636, section 4.2).
 *
 * @category getters
 * @since 0.1.0
 */
export const challenge: (verifier: Redacted.Redacted) => Effect.Effect<string, never, Digest.Digest> = Effect
  .fnUntraced(function*(verifier) {
    const digest = yield* Digest.Digest
    return Base64Url.encode(yield* digest.digest(Digest.sha256, new TextEncoder().encode(Redacted.value(verifier))))
  })

/**
 * Whether a text is a code verifier: 43 to 128 unreserved characters (RFC 7636,
 * section 4.1).
 *
 * @category guards
 * @since 0.1.0
 */
export const isVerifier = (text: string): boolean => /^[A-Za-z0-9\-._~]{43,128}$/.test(text)
