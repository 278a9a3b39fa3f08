/**
 * The public keys of a JSON Web Key Set, as far as they can verify a signature
 * (RFC 7517).
 */
import type { Json, JsonObject } from "effect/Schema"
import type * as jose from "jose"
import { isObject, member } from "../../internal/json.ts"
import * as Algorithms from "./algorithms.ts"

/** A public key that verifies signatures. */
export interface PublicKey {
  readonly kid: string | undefined
  readonly kty: string
  readonly crv: string | undefined
  /** The only algorithm that the key is for, where the set says so. */
  readonly alg: string | undefined
  /** As `jose` takes it; the same object each time, for what is imported once is kept with it. */
  readonly jwk: jose.JWK
}

/** What of a header chooses a key. `jku`, `jwk`, `x5u` and `x5c` do not: those are the sender's words. */
export interface Header {
  readonly alg: Algorithms.Name
  readonly kid?: string | undefined
}

/** The keys of a set that can verify. Others are passed over: private, symmetric and broken ones, and those to encrypt. */
export const publicKeys = (keys: ReadonlyArray<Json>): ReadonlyArray<PublicKey> =>
  keys.flatMap((key) => {
    const read = isObject(key) ? publicKey(key) : undefined
    return read === undefined ? [] : [read]
  })

/** The one key that a header names, or why there is none. */
export const select = (keys: ReadonlyArray<PublicKey>, header: Header): PublicKey | "none" | "ambiguous" => {
  const { crv, kty } = Algorithms.of(header.alg)
  const fitting = keys.filter((key) =>
    key.kty === kty && (crv === undefined || key.crv === crv) &&
    (key.alg === undefined || isSame(key.alg, header.alg)) &&
    (header.kid === undefined || key.kid === header.kid)
  )
  const [first, ...others] = fitting
  return first === undefined ? "none" : others.length === 0 ? first : "ambiguous"
}

/** The public keys of a set that encrypt, for an algorithm that moves keys (RFC 7518, section 4.1). */
export const encryptionKeys = (keys: ReadonlyArray<Json>, alg: string): ReadonlyArray<JsonObject> =>
  keys.flatMap((key) => {
    if (!isObject(key) || secret.some((name) => Object.hasOwn(key, name))) return []
    const kty = member(key, "kty")
    const uses = member(key, "key_ops")
    const fits = alg.startsWith("RSA-OAEP")
      ? kty === "RSA"
      : alg.startsWith("ECDH-ES") && (kty === "EC" || kty === "OKP")
    const named = member(key, "alg")
    return fits && (member(key, "use") ?? "enc") === "enc" && (named === undefined || named === alg) &&
        (uses === undefined || (Array.isArray(uses) && encrypting.some((use) => uses.includes(use))))
      ? [key]
      : []
  })

const encrypting = ["encrypt", "wrapKey", "deriveKey", "deriveBits"]

/** Whether two keys are the same in value. */
export const equals = (a: PublicKey, b: PublicKey): boolean =>
  [...material, "kid"].every((name) => Reflect.get(a.jwk, name) === Reflect.get(b.jwk, name))

const publicKey = (object: JsonObject): PublicKey | undefined => {
  const text = (name: string): string | undefined => {
    const value = member(object, name)
    return typeof value === "string" ? value : undefined
  }
  const kty = text("kty")
  const needed = kty === "RSA" ? rsa : kty === "EC" ? ec : kty === "OKP" ? okp : undefined
  if (kty === undefined || needed === undefined || secret.some((name) => Object.hasOwn(object, name))) return undefined
  if (needed.some((name) => !base64url.test(text(name) ?? ""))) return undefined
  if (kty === "RSA" && bitsOf(text("n") ?? "") < 2048) return undefined
  const uses = member(object, "key_ops")
  if ((text("use") ?? "sig") !== "sig") return undefined
  if (uses !== undefined && !(Array.isArray(uses) && uses.includes("verify"))) return undefined
  const names = ["kty", "alg", "kid", ...needed, ...(kty === "RSA" ? [] : ["crv"])]
  return {
    kty,
    kid: text("kid"),
    crv: text("crv"),
    alg: text("alg"),
    jwk: Object.fromEntries(names.flatMap((name) => {
      const value = text(name)
      return value === undefined ? [] : [[name, value]]
    })) as jose.JWK
  }
}

const rsa = ["n", "e"]
const ec = ["x", "y"]
const okp = ["x"]
const material = ["kty", "crv", "n", "e", "x", "y"]

// the members of private and symmetric keys (RFC 7518, section 6): a set that holds them is in error
const secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

const base64url = /^[A-Za-z0-9_-]+$/

const bitsOf = (modulus: string): number => Math.floor(modulus.length * 6 / 8) * 8

// two names for one thing (RFC 9864)
const isSame = (a: string, b: string): boolean => a === b || (edwards.has(a) && edwards.has(b))

const edwards: ReadonlySet<string> = new Set(["EdDSA", "Ed25519"])
