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
 * A code verifier, and what the authorization request shows of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pkce {
  readonly verifier: Redacted.Redacted
  readonly challenge: string
  /** The `code_challenge_method`. */
  readonly method: "S256" | "plain"
}

/**
 * Makes a pair of 32 random bytes (RFC 7636, sections 4.1 and 7.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Pkce, never, SecureRandom.SecureRandom | Digest.Digest> = Effect.gen(function*() {
  const verifier = yield* makeVerifier
  return { verifier, challenge: yield* challenge(verifier), method: "S256" }
})

/**
 * Makes a pair whose challenge is the verifier itself (RFC 7636, section 4.2).
 *
 * **Gotchas**
 *
 * Whoever sees the authorization request can exchange the code. RFC 7636,
 * section 7.2, says that new implementations should not use it; it exists for
 * servers that demand PKCE and cannot do better. Nothing falls back to it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeInsecurePlain: Effect.Effect<Pkce, never, SecureRandom.SecureRandom> = Effect.suspend(() =>
  Effect.map(makeVerifier, (verifier) => ({ verifier, challenge: Redacted.value(verifier), method: "plain" }))
)

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

const makeVerifier: Effect.Effect<Redacted.Redacted, never, SecureRandom.SecureRandom> = Effect.flatMap(
  SecureRandom.SecureRandom,
  (random) => Effect.map(random.randomBytes(32), (bytes) => Redacted.make(Base64Url.encode(bytes)))
)
