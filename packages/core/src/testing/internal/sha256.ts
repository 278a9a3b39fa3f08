/**
 * SHA-256 (FIPS 180-4) as a plain function: the platform's own resolves outside
 * Effect's scheduler, which `TestClock` cannot wait for.
 */

/** The SHA-256 digest of `data`. */
export const sha256 = (data: Uint8Array): Uint8Array => {
  const state = Uint32Array.from(initial)
  const schedule = new Uint32Array(64)
  const message = padded(data)

  for (let offset = 0; offset < message.byteLength; offset += 64) {
    for (let i = 0; i < 16; i++) schedule[i] = message.getUint32(offset + i * 4)
    for (let i = 16; i < 64; i++) {
      const a = at(schedule, i - 15)
      const b = at(schedule, i - 2)
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10)
      schedule[i] = at(schedule, i - 16) + s0 + at(schedule, i - 7) + s1
    }
    compress(state, schedule)
  }

  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, i) => digest.setUint32(i * 4, word))
  return new Uint8Array(digest.buffer)
}

const compress = (state: Uint32Array, schedule: Uint32Array): void => {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const chosen = (e & f) ^ (~e & g)
    const t1 = (h + s1 + chosen + at(constants, i) + at(schedule, i)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + s0 + majority) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + word
}

const padded = (data: Uint8Array): DataView => {
  const bytes = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64)
  bytes.set(data)
  bytes[data.length] = 0x80
  const view = new DataView(bytes.buffer)
  view.setBigUint64(bytes.length - 8, BigInt(data.length) * 8n)
  return view
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

const at = (words: Uint32Array, i: number): number => words[i] ?? 0

// the first 32 bits of the fractional parts of the roots of the first primes
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32)

const primes = Array.from({ length: 310 }, (_, i) => i + 2).filter((n) => {
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false
  return true
})

const constants = Uint32Array.from(primes.slice(0, 64), (prime) => fraction(Math.cbrt(prime)))

const initial = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
