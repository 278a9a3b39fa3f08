/**
 * The signature algorithms that are known here, and what each needs (RFC 7518,
 * section 3; RFC 8037).
 */

/** What an algorithm needs. */
export interface Algorithm {
  /** The type of key, and the curve where there is one. */
  readonly kty: "RSA" | "EC" | "OKP" | "oct"
  readonly crv?: string | undefined
  /** The digest of `at_hash` and `c_hash`: that of the signature (OpenID Connect Core, section 3.1.3.6). */
  readonly hash: 256 | 384 | 512
}

/** Every algorithm by its name. `none` is not one. */
export const algorithms = {
  RS256: { kty: "RSA", hash: 256 },
  RS384: { kty: "RSA", hash: 384 },
  RS512: { kty: "RSA", hash: 512 },
  PS256: { kty: "RSA", hash: 256 },
  PS384: { kty: "RSA", hash: 384 },
  PS512: { kty: "RSA", hash: 512 },
  ES256: { kty: "EC", crv: "P-256", hash: 256 },
  ES384: { kty: "EC", crv: "P-384", hash: 384 },
  ES512: { kty: "EC", crv: "P-521", hash: 512 },
  EdDSA: { kty: "OKP", crv: "Ed25519", hash: 512 },
  Ed25519: { kty: "OKP", crv: "Ed25519", hash: 512 },
  HS256: { kty: "oct", hash: 256 },
  HS384: { kty: "oct", hash: 384 },
  HS512: { kty: "oct", hash: 512 }
} as const satisfies Readonly<Record<string, Algorithm>>

/** The name of an algorithm. */
export type Name = keyof typeof algorithms

/** Whether a text names an algorithm. */
export const isName = (text: unknown): text is Name => typeof text === "string" && Object.hasOwn(algorithms, text)

/** What an algorithm needs. */
export const of = (name: Name): Algorithm => algorithms[name]

/** Whether the client's secret is the key. */
export const isSymmetric = (name: Name): boolean => of(name).kty === "oct"
