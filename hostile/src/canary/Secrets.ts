/** Values that are in no text by chance, each with a name. */
import * as crypto from "node:crypto"

/** Secrets by their names. What is made up on the way is added to them. */
export type Secrets = Record<string, string>

/** Letters that nobody else writes. */
export const fresh = (length = 40): string =>
  crypto.randomBytes(length).toString("base64url").replace(/[-_]/g, "x").slice(0, length)

/** Those that are known before anything happens. */
export const make = async (): Promise<
  {
    readonly secrets: Secrets
    readonly dpopKey: JsonWebKey
    readonly assertionKey: JsonWebKey
    readonly encryptionKey: string
  }
> => {
  const jwk = (): JsonWebKey =>
    crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" })
  const [dpopKey, assertionKey] = [jwk(), jwk()]
  const encryptionKey = crypto.randomBytes(32).toString("base64")
  return {
    dpopKey,
    assertionKey,
    encryptionKey,
    secrets: {
      "client secret": fresh(),
      "password": fresh(),
      "code": fresh(),
      "device code": fresh(),
      "first refresh token": fresh(),
      "first access token": fresh(),
      "subject token": fresh(),
      "DPoP key": dpopKey.d ?? "",
      "assertion key": assertionKey.d ?? "",
      // as it is kept, and as its bytes
      "encryption key": encryptionKey,
      "encryption key's bytes": Buffer.from(encryptionKey, "base64").toString("latin1")
    }
  }
}
