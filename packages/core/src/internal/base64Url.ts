/**
 * The platform's own base64, in the alphabet of URLs and without padding (RFC
 * 4648, section 5). What it gives is one text: what is put together letter by
 * letter is held as its parts until somebody reads it.
 */

/** Encodes characters, each taken for a byte. */
export const ofBinary = (text: string): string =>
  btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

/** Encodes a few bytes. */
export const ofBytes = (bytes: Uint8Array): string => ofBinary(Reflect.apply(String.fromCharCode, undefined, bytes))

/** Decodes text. Throws where what is given is no base64. */
export const toText = (encoded: string): string => {
  const bytes = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"))
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
}
