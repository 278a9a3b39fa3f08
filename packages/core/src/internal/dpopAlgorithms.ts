/**
 * The algorithms of DPoP keys, what WebCrypto calls them, and which of them a key is for (RFC 7518, section 3; RFC 8037).
 */
import type { Algorithm, PublicJwk } from "../DpopKey.ts"

/** What WebCrypto calls an algorithm. */
export interface Description {
  readonly generate: RsaHashedKeyGenParams | EcKeyGenParams
  readonly import: RsaHashedImportParams | EcKeyImportParams
  readonly sign: AlgorithmIdentifier | RsaPssParams | EcdsaParams
  /** In bytes, where it is always the same. */
  readonly signatureLength?: number
}

const ecdsa = (namedCurve: string, hash: string, signatureLength: number): Description => ({
  generate: { name: "ECDSA", namedCurve },
  import: { name: "ECDSA", namedCurve },
  sign: { name: "ECDSA", hash },
  signatureLength
})

const ed25519 = { name: "Ed25519", namedCurve: "Ed25519" }

/** Every algorithm by its name. */
export const algorithms: { readonly [A in Algorithm]: Description } = {
  ES256: ecdsa("P-256", "SHA-256", 64),
  ES384: ecdsa("P-384", "SHA-384", 96),
  ES512: ecdsa("P-521", "SHA-512", 132),
  EdDSA: { generate: ed25519, import: ed25519, sign: ed25519, signatureLength: 64 },
  PS256: {
    generate: {
      name: "RSA-PSS",
      hash: "SHA-256",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1])
    },
    import: { name: "RSA-PSS", hash: "SHA-256" },
    sign: { name: "RSA-PSS", saltLength: 32 }
  }
}

/** What the key is decides, and not what it calls itself: a symmetric key, RS256 or "none" end here. */
export const algorithmOf = ({ alg, crv, kty, n }: JsonWebKey): Algorithm | undefined => {
  const algorithm = kty === "RSA" ? "PS256" : byCurve.get(`${kty} ${crv}`)
  // 2048 bits in base64url
  if (kty === "RSA" && (n ?? "").length < 342) return undefined
  return alg === undefined || alg === algorithm || (alg === "Ed25519" && algorithm === "EdDSA") ? algorithm : undefined
}

/** The public members of a key, in the order in which the thumbprint has them (RFC 7638, section 3.2). */
export const publicPart = (jwk: JsonWebKey): PublicJwk | undefined => {
  const { crv, e, kty, n, x, y } = jwk
  switch (kty) {
    case "EC":
      return texts({ crv, kty, x, y })
    case "OKP":
      return texts({ crv, kty, x })
    case "RSA":
      return texts({ e, kty, n })
    default:
      return undefined
  }
}

const byCurve: ReadonlyMap<string, Algorithm> = new Map([
  ["EC P-256", "ES256"],
  ["EC P-384", "ES384"],
  ["EC P-521", "ES512"],
  ["OKP Ed25519", "EdDSA"]
])

const texts = (members: Readonly<Record<string, string | undefined>>): PublicJwk | undefined => {
  const entries = Object.entries(members).flatMap(([name, value]) =>
    typeof value === "string" && base64url.test(value) ? [[name, value] as const] : []
  )
  return entries.length === Object.keys(members).length ? Object.fromEntries(entries) : undefined
}

// curves and key types are written in it too
const base64url = /^[A-Za-z0-9_-]+$/
