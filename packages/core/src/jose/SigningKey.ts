/**
 * Keys of the client's own that sign: as JSON Web Key, as `CryptoKey`, or behind
 * a function, in a hardware module or a key management service.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type * as OAuthError from "../OAuthError.ts"
import type { Algorithm } from "./IdToken.ts"

/**
 * What every key has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Common {
  /** The key's name in the client's key set. It is sent where it is known: with several keys the server needs it. */
  readonly kid?: string | undefined
}

/**
 * A private key as a JSON Web Key. Algorithm and name are those of the key
 * unless named; a key that names no algorithm signs with the first that the
 * server supports, `RS256` for RSA.
 *
 * @category models
 * @since 0.1.0
 */
export interface JwkKey extends Common {
  readonly jwk: Redacted.Redacted<Readonly<Record<string, Json>>>
  readonly algorithm?: Algorithm | undefined
}

/**
 * A private key of WebCrypto; it need not be extractable.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebCryptoKey extends Common {
  readonly cryptoKey: CryptoKey
  readonly algorithm: Algorithm
}

/**
 * A key that is elsewhere: a function signs. It is given the bytes to sign, and
 * gives the signature as JSON Web Signatures write it (RFC 7518, section 3): for
 * elliptic curves R and S side by side, not in DER.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteKey extends Common {
  readonly sign: (input: Uint8Array) => Effect.Effect<Uint8Array, OAuthError.OAuthError>
  readonly algorithm: Algorithm
}

/**
 * A key that signs.
 *
 * @category models
 * @since 0.1.0
 */
export type SigningKey = JwkKey | WebCryptoKey | RemoteKey

/**
 * A key, or an effect that is run for every signature: a rotated key is used
 * without a restart.
 *
 * @category models
 * @since 0.1.0
 */
export type Source = SigningKey | Effect.Effect<SigningKey, OAuthError.OAuthError>
