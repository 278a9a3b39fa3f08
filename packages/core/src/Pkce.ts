/**
 * Proof Key for Code Exchange (RFC 7636): a secret of one login, of which the
 * authorization request shows the digest and the token request the secret.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ofBytes } from "./internal/base64Url.ts"

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
export const make: Effect.Effect<Pkce, never, SecureRandom.SecureRandom | Digest.Digest> = Effect.contextWith((
  services: Context.Context<SecureRandom.SecureRandom | Digest.Digest>
) =>
  Effect.flatMap(Context.get(services, SecureRandom.SecureRandom).randomBytes(length), (bytes) => {
    const text = ofBytes(bytes)
    return Effect.map(digestOf(Context.get(services, Digest.Digest), text), (digest) => ({
      verifier: Redacted.make(text),
      challenge: ofBytes(digest),
      method: "S256"
    }))
  })
)

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
  Effect.map(Effect.flatMap(SecureRandom.SecureRandom, ({ randomBytes }) => randomBytes(length)), (bytes) => {
    const text = ofBytes(bytes)
    return { verifier: Redacted.make(text), challenge: text, method: "plain" }
  })
)

/**
 * The S256 challenge of a verifier: the SHA-256 digest of its characters,
 * base64url without padding (RFC 7636, section 4.2).
 *
 * @category getters
 * @since 0.1.0
 */
export const challenge = (verifier: Redacted.Redacted): Effect.Effect<string, never, Digest.Digest> =>
  Effect.map(Effect.flatMap(Digest.Digest, (digest) => digestOf(digest, Redacted.value(verifier))), ofBytes)

/**
 * Whether a text is a code verifier: 43 to 128 unreserved characters (RFC 7636,
 * section 4.1).
 *
 * @category guards
 * @since 0.1.0
 */
export const isVerifier = (text: string): boolean => /^[A-Za-z0-9\-._~]{43,128}$/.test(text)

const length = 32

const digestOf = ({ digest }: Digest.Digest["Service"], text: string): Effect.Effect<Uint8Array> =>
  digest(Digest.sha256, utf8.encode(text))

const utf8 = new TextEncoder()
