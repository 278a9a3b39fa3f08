/**
 * ECDSA over P-256 with SHA-256, `ES256` in JOSE (FIPS 186-5), as plain
 * functions: the platform's own resolves outside Effect's scheduler, which
 * `TestClock` cannot wait for.
 *
 * For tests alone: nothing here takes care to take the same time for every key.
 */
import { sha256 } from "./sha256.ts"

const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
const generator: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  1n
]

/** A point in Jacobian coordinates; none where the last is zero. */
type Point = readonly [x: bigint, y: bigint, z: bigint]

const modulo = (a: bigint, m: bigint): bigint => ((a % m) + m) % m

const inverse = (a: bigint, m: bigint): bigint => {
  let [low, high] = [modulo(a, m), m]
  let [x, y] = [1n, 0n]
  while (low > 1n) {
    const quotient = high / low
    ;[low, high] = [high - quotient * low, low]
    ;[x, y] = [y - quotient * x, x]
  }
  return modulo(x, m)
}

const double = ([x, y, z]: Point): Point => {
  const delta = z * z % p
  const gamma = y * y % p
  const beta = x * gamma % p
  const alpha = 3n * (x - delta) * (x + delta) % p
  const x3 = modulo(alpha * alpha - 8n * beta, p)
  return [x3, modulo(alpha * (4n * beta - x3) - 8n * gamma * gamma, p), modulo(2n * y * z, p)]
}

const add = (first: Point, second: Point): Point => {
  if (first[2] === 0n) return second
  if (second[2] === 0n) return first
  const [x1, y1, z1] = first
  const [x2, y2, z2] = second
  const zz1 = z1 * z1 % p
  const zz2 = z2 * z2 % p
  const u1 = x1 * zz2 % p
  const s1 = y1 * z2 * zz2 % p
  const h = modulo(x2 * zz1 - u1, p)
  const r = modulo(y2 * z1 * zz1 - s1, p)
  if (h === 0n) return r === 0n ? double(first) : [1n, 1n, 0n]
  const hh = h * h % p
  const hhh = h * hh % p
  const x3 = modulo(r * r - hhh - 2n * u1 * hh, p)
  return [x3, modulo(r * (u1 * hh - x3) - s1 * hhh, p), modulo(h * z1 * z2, p)]
}

const multiply = (point: Point, by: bigint): Point => {
  let product: Point = [1n, 1n, 0n]
  for (const bit of by.toString(2)) {
    product = double(product)
    if (bit === "1") product = add(product, point)
  }
  return product
}

const affine = ([x, y, z]: Point): readonly [x: bigint, y: bigint] => {
  const i = inverse(z, p)
  return [modulo(x * i * i, p), modulo(y * i * i * i, p)]
}

const toNumber = (bytes: Uint8Array): bigint => bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)

const toBytes = (number: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * (31 - index))) & 255n))

const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))

/** The private number of a seed. */
export const secretOf = (seed: Uint8Array): Uint8Array => toBytes(modulo(toNumber(sha256(seed)), n - 1n) + 1n)

/** The two coordinates of the public point of a private number. */
export const publicOf = (secret: Uint8Array): { readonly x: Uint8Array; readonly y: Uint8Array } => {
  const [x, y] = affine(multiply(generator, toNumber(secret)))
  return { x: toBytes(x), y: toBytes(y) }
}

/** Signs, the same for the same data: `r` and `s`, one after the other. */
export const sign = (secret: Uint8Array, data: Uint8Array): Uint8Array => {
  const d = toNumber(secret)
  const digest = sha256(data)
  const k = modulo(toNumber(sha256(concat(secret, digest))), n - 1n) + 1n
  const r = modulo(affine(multiply(generator, k))[0], n)
  const s = modulo(inverse(k, n) * (toNumber(digest) + r * d), n)
  return concat(toBytes(r), toBytes(s))
}

/** Whether a signature is the key's. Whatever comes in, there is an answer. */
export const verify = (
  key: { readonly x: Uint8Array; readonly y: Uint8Array },
  signature: Uint8Array,
  data: Uint8Array
): boolean => {
  const [x, y] = [toNumber(key.x), toNumber(key.y)]
  if (signature.length !== 64 || x >= p || y >= p || modulo(y * y - x * x * x + 3n * x - b, p) !== 0n) return false
  const [r, s] = [toNumber(signature.subarray(0, 32)), toNumber(signature.subarray(32))]
  if (r === 0n || s === 0n || r >= n || s >= n) return false
  const w = inverse(s, n)
  const point = add(
    multiply(generator, modulo(toNumber(sha256(data)) * w, n)),
    multiply([x, y, 1n], modulo(r * w, n))
  )
  return point[2] !== 0n && modulo(affine(point)[0], n) === r
}
