/**
 * The keys and the algorithms of the FAPI 2.0 Security Profile (section 5.4.1).
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as SigningKey from "../SigningKey.ts"

/** The name of an algorithm. */
export type Name = "EdDSA" | "ES256" | "Ed25519" | "PS256"

/** The algorithms, in the order of preference. */
export const algorithms: ReadonlyArray<Name> = ["PS256", "ES256", "EdDSA", "Ed25519"]

/** Whether a name is one of an algorithm of the profile. */
export const isAlgorithm = (name: unknown): boolean => algorithms.some((known) => known === name)

/** The key, or what is wrong with it. Of one that is elsewhere nothing but the algorithm is known. */
export const checked = <K extends SigningKey.SigningKey>(key: K): Result.Result<K, string> => {
  const problem = problemOf(key)
  return problem === undefined ? Result.succeed(key) : Result.fail(problem)
}

const problemOf = (key: SigningKey.SigningKey): string | undefined => {
  const { algorithm, bits } = "jwk" in key ? ofJwk(key) : { algorithm: key.algorithm, bits: modulusOf(key) }
  if (algorithm !== undefined && !isAlgorithm(algorithm)) {
    return "signs by an algorithm that is not PS256, ES256 or EdDSA"
  }
  return bits !== undefined && bits < 2048 ? "is RSA of less than 2048 bits" : undefined
}

const ofJwk = ({ algorithm, jwk }: SigningKey.JwkKey) => {
  const { alg, n } = Redacted.value(jwk)
  return {
    algorithm: algorithm ?? alg,
    bits: typeof n === "string"
      ? Result.match(Base64Url.decode(n), { onFailure: () => 0, onSuccess: bitsOf })
      : undefined
  }
}

const bitsOf = (modulus: Uint8Array): number => {
  const first = modulus.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (modulus.length - first) * 8 - (Math.clz32(modulus[first] ?? 0) - 24)
}

const modulusOf = (key: SigningKey.RemoteKey | SigningKey.WebCryptoKey): number | undefined => {
  const own: object = "cryptoKey" in key ? key.cryptoKey.algorithm : {}
  return "modulusLength" in own && typeof own.modulusLength === "number" ? own.modulusLength : undefined
}
