/**
 * A repeatable source of bytes. Nothing about it is secret.
 */

/** Makes a source that gives the same bytes for the same seed. */
export const seededBytes = (seed: number): (size: number) => Uint8Array => {
  let state = seed | 0
  // mulberry32: one word of state, good enough to tell values apart
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return (word ^ (word >>> 14)) >>> 0
  }
  return (size) => Uint8Array.from({ length: size }, () => next() >>> 24)
}
