/**
 * Texts that are compared.
 */
import * as Mac from "effect/crypto/Mac"

/** Whether two texts are the same, in a time that does not tell where they differ. */
export const sameText = (a: string, b: string): boolean => {
  const encoder = new TextEncoder()
  return Mac.timingSafeEqual(encoder.encode(a), encoder.encode(b))
}
