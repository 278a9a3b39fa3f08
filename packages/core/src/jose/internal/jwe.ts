/**
 * Encrypted tokens (RFC 7516): what is inside one is a signed token, verified like any other (OpenID Connect
 * Core, section 16.14).
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { JsonObject } from "effect/Schema"
import * as jose from "jose"
import type * as OAuthError from "../../OAuthError.ts"
import { broken, maxLength } from "./jws.ts"

/** What encrypted tokens are decrypted with. */
export interface Decryption {
  /** Private keys as JSON Web Keys, the present one and those before it. */
  readonly keys: ReadonlyArray<Redacted.Redacted<JsonObject>>
  /** How the key travels. */
  readonly keyManagement: ReadonlyArray<string>
  /** What the content is encrypted with. */
  readonly contentEncryption: ReadonlyArray<string>
}

/** The signed token inside an encrypted one; of what is not encrypted itself, where nothing was agreed. */
export const open = (
  token: string,
  jwt: OAuthError.JwtInvalid["jwt"],
  decryption: Decryption | undefined
): Effect.Effect<string, OAuthError.JwtInvalid> => {
  if (decryption === undefined) return Effect.succeed(token)
  const refused = broken(jwt, "encryption")
  if (token.length > maxLength || token.split(".", 6).length !== 5) return Effect.fail(refused)
  return Effect.tryPromise({
    try: () =>
      jose.compactDecrypt(token, (header) => keyOf(decryption.keys, header), {
        keyManagementAlgorithms: [...decryption.keyManagement],
        contentEncryptionAlgorithms: [...decryption.contentEncryption],
        // a text that inflates
        maxDecompressedLength: maxLength
      }),
    catch: () => refused
  }).pipe(Effect.map(({ plaintext }) => new TextDecoder().decode(plaintext)))
}

const keyOf = (
  keys: Decryption["keys"],
  header: { readonly kid?: string | undefined; readonly alg?: string | undefined }
): Promise<jose.CryptoKey | Uint8Array> => {
  const fitting = keys.map(Redacted.value).filter((key) => header.kid === undefined || key["kid"] === header.kid)
  const [key, ...others] = fitting
  return key === undefined || others.length > 0
    ? Promise.reject(new TypeError("no one key"))
    : jose.importJWK(key, header.alg)
}
