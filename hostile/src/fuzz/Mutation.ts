/**
 * Inputs that are almost valid. Each shape of input is changed where it has joints: the members of JSON, the pairs of a
 * query, the parameters of a header field, the parts of a token; and any of them as bytes.
 */
import type { Random } from "./Random.ts"

/** What an input is made of. */
export type Shape = "json" | "http" | "query" | "header" | "jwt" | "text"

/** Changes an input in a few places. */
export const mutate = (
  random: Random,
  input: Uint8Array,
  shape: Shape,
  others: ReadonlyArray<Uint8Array>
): Uint8Array => {
  if (random.onceIn(40)) return noise(random)
  let bytes = input
  for (let round = random.below(4); round >= 0; round--) {
    bytes = random.onceIn(4) ? byBytes(random, bytes, others) : byShape(random, bytes, shape)
  }
  return bytes.length > largest ? bytes.subarray(0, largest) : bytes
}

// what is longer than any limit is tried on purpose, elsewhere
const largest = 65_536

const byShape = (random: Random, bytes: Uint8Array, shape: Shape): Uint8Array => {
  switch (shape) {
    case "json":
      return json(random, bytes)
    case "http":
      return http(random, bytes)
    case "query":
      return inText(bytes, (text) => pieces(random, text, "&", queryParts))
    case "header":
      return inText(bytes, (text) => pieces(random, text, random.of([",", " ", "=", "\""]), headerParts))
    case "jwt":
      return jwt(random, bytes)
    case "text":
      return inText(bytes, (text) => pieces(random, text, random.of(["\n", " ", "|", "/", "%", ":"]), queryParts))
  }
}

const inText = (bytes: Uint8Array, change: (text: string) => string): Uint8Array =>
  // latin-1, so that every byte is a letter and comes back as it was
  Buffer.from(change(Buffer.from(bytes).toString("latin1")), "latin1")

const noise = (random: Random): Uint8Array =>
  Uint8Array.from({ length: random.below(random.of([8, 64, 1024])) }, () => random.below(256))

const byBytes = (random: Random, bytes: Uint8Array, others: ReadonlyArray<Uint8Array>): Uint8Array => {
  const at = random.below(bytes.length + 1)
  const span = random.below(Math.min(64, bytes.length - at) + 1)
  const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, at + span), bytes.subarray(at + span)]
  switch (random.below(7)) {
    case 0:
      return joined(before, after)
    case 1:
      return joined(before, cut, cut, after)
    case 2:
      return joined(before, Uint8Array.of(random.below(256)), cut, after)
    case 3:
      return joined(before, Buffer.from(random.of(words), "latin1"), after)
    case 4:
      return bytes.subarray(0, at)
    case 5: {
      const changed = Uint8Array.from(bytes)
      if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
      return changed
    }
    default: {
      const other = random.of(others)
      const from = random.below(other.length + 1)
      return joined(before, other.subarray(from, from + random.below(64)), after)
    }
  }
}

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts)

const pieces = (random: Random, text: string, separator: string, parts: ReadonlyArray<string>): string => {
  const all = text.split(separator)
  const at = random.below(all.length)
  const own = all[at] ?? ""
  switch (random.below(7)) {
    case 0:
      all.splice(at, 1)
      break
    case 1:
      all.splice(at, 0, own)
      break
    case 2:
      all.splice(at, 1, random.of(parts))
      break
    case 3:
      all.splice(at, 1, own + random.of(parts))
      break
    case 4:
      all.splice(at, 0, random.of(parts))
      break
    case 5:
      all.splice(at, 1, random.of(parts).repeat(1 + random.below(random.onceIn(20) ? 2_000 : 4)))
      break
    default:
      all.splice(at, 1, Array.from(own).map((letter) => random.onceIn(3) ? flipCase(letter) : letter).join(""))
  }
  return all.join(separator)
}

const flipCase = (letter: string): string =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()

const http = (random: Random, bytes: Uint8Array): Uint8Array => {
  const text = Buffer.from(bytes).toString("latin1")
  const end = text.indexOf("\n\n")
  if (end < 0) return byBytes(random, bytes, [bytes])
  const head = text.slice(0, end)
  const body = Buffer.from(text.slice(end + 2), "latin1")
  return random.onceIn(3)
    ? joined(
      Buffer.from(
        `${pieces(random, head, random.of(["\n", ":", ";", " "]), [...headerParts, ...statuses])}\n\n`,
        "latin1"
      ),
      body
    )
    : joined(Buffer.from(`${head}\n\n`, "latin1"), json(random, body))
}

const jwt = (random: Random, bytes: Uint8Array): Uint8Array =>
  inText(bytes, (text) => {
    const parts = text.split(".")
    if (random.onceIn(5)) return pieces(random, text, ".", ["", "e30", "bnVsbA", "W10", "=", "-_", "\u00e9"])
    const at = random.below(Math.min(2, parts.length))
    parts[at] = Buffer.from(json(random, Buffer.from(parts[at] ?? "", "base64url"))).toString("base64url")
    return parts.join(".")
  })

type Value = null | boolean | number | string | ReadonlyArray<Value> | { readonly [name: string]: Value }

const json = (random: Random, bytes: Uint8Array): Uint8Array => {
  let value: Value
  try {
    value = JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return byBytes(random, bytes, [bytes])
  }
  const text = JSON.stringify(changed(random, value)) ?? "null"
  return Buffer.from(random.onceIn(12) ? oddly(random, text) : text)
}

const changed = (random: Random, value: Value): Value => {
  if (typeof value !== "object" || value === null || random.onceIn(12)) return replaced(random, value)
  if (Array.isArray(value)) {
    const all: Array<Value> = [...value]
    const at = random.below(all.length + 1)
    const what = random.below(4)
    if (what === 0) all.splice(at, 1)
    else if (what === 1) all.splice(at, 0, replaced(random, all[at] ?? null))
    else if (at < all.length) all[at] = changed(random, all[at] ?? null)
    return all
  }
  const members = Object.entries(value as Record<string, Value>)
  const at = random.below(members.length + 1)
  const [name = "", own = null] = members[at] ?? []
  switch (random.below(6)) {
    case 0:
      members.splice(at, 1)
      break
    case 1:
      members.splice(at, 1, [random.of(names), own])
      break
    case 2:
      members.push([random.of(names), random.of(values)])
      break
    case 3:
      members.splice(at, 1, [name, replaced(random, own)])
      break
    default:
      if (at < members.length) members[at] = [name, changed(random, own)]
  }
  // own members, also where they have names that objects have by themselves
  return members.reduce<Record<string, Value>>(
    (object, [name, value]) =>
      Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true }),
    {}
  )
}

const replaced = (random: Random, value: Value): Value => {
  if (typeof value === "string" && random.onceIn(2)) {
    return pieces(random, value, random.of([":", "/", ".", " ", "-"]), [...words, ...queryParts])
  }
  if (typeof value === "number" && random.onceIn(2)) {
    return random.of([-value, value + 1, value * 1000, value / 3, String(value), value + 1e-9, 2 ** 53, -0])
  }
  if (random.onceIn(10)) return [value]
  if (random.onceIn(10)) return { value }
  if (random.onceIn(60)) return nested(random.of([10, 100, 2_000]))
  return random.of(values)
}

const nested = (depth: number): Value => {
  let value: Value = null
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

// what JSON allows and hardly anybody writes, and what it does not allow
const oddly = (random: Random, text: string): string => {
  switch (random.below(6)) {
    case 0:
      return `\ufeff${text}`
    case 1:
      return text.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
    case 2:
      return `${text}${text}`
    case 3:
      return text.replace("}", ",}")
    case 4:
      return text.replace(/"([^"]*)":/, (whole, name: string) => `${whole}null,"${name}":`)
    default:
      return text.replace(/\d+/, random.of(["1e400", "-0", "00", "1e-400", "0.1e1", "+1", "NaN", "0x1"]))
  }
}

const words = [
  "",
  "\u0000",
  "\r\n",
  "\"",
  "\\",
  "%",
  "%zz",
  "%ff",
  "%00",
  "+",
  "&",
  "=",
  "#",
  "?",
  "://",
  "..",
  "https://",
  "http://127.0.0.1",
  "javascript:",
  "\u001b[31m",
  "\u00e9",
  "\u00ff\u00fe",
  "\u00ed\u00a0\u0080",
  "${x}",
  "{{",
  "null",
  "true",
  "__proto__",
  "constructor",
  "9".repeat(40),
  "a".repeat(5_000)
]

const queryParts = [
  ...words,
  "code=c",
  "state=s",
  "iss=https://as.example",
  "code[]=x",
  "error=x",
  "error_description=x%0a",
  "id_token=x",
  "response=x",
  "%63ode=x",
  "=",
  "a"
]

const headerParts = [
  ...words,
  "Bearer",
  "DPoP",
  "Basic",
  "error=\"invalid_token\"",
  "error=x",
  "scope=\"a b\"",
  "realm=\"",
  "max_age=1",
  "algs=\"\"",
  ",",
  ",,",
  " ",
  "\t",
  "a=b",
  "a==",
  "abc=",
  "120",
  "-1",
  "1e9",
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun, 99 Nov 9999 99:99:99 GMT"
]

const statuses = [
  "100",
  "200",
  "201",
  "204",
  "301",
  "400",
  "401",
  "403",
  "407",
  "408",
  "429",
  "500",
  "503",
  "511",
  "599",
  "999",
  "content-type: application/json",
  "content-type: text/html",
  "retry-after: 120",
  "dpop-nonce: n",
  "date: Sun, 06 Nov 1994 08:49:37 GMT"
]

const names = [
  "access_token",
  "token_type",
  "expires_in",
  "refresh_token",
  "scope",
  "id_token",
  "error",
  "error_description",
  "error_uri",
  "issuer",
  "token_endpoint",
  "keys",
  "kty",
  "kid",
  "alg",
  "crit",
  "active",
  "exp",
  "iat",
  "nbf",
  "aud",
  "iss",
  "sub",
  "azp",
  "nonce",
  "auth_time",
  "interval",
  "device_code",
  "user_code",
  "verification_uri",
  "state",
  "body",
  "_tag",
  "format",
  "key",
  "profile",
  "profiles",
  "provider",
  "dialect",
  "rotation",
  "variables",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "then",
  "toJSON",
  ""
]

const values: ReadonlyArray<Value> = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  1e21,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 31,
  4_102_444_800,
  "",
  "0",
  "1",
  "Bearer",
  "https://as.example",
  "http://as.example",
  "https://as.example/#x",
  "//x",
  "a".repeat(300),
  "\u0000",
  "\ud800",
  "\u202e",
  "__proto__",
  [],
  {},
  [[]],
  [null],
  { a: 1 },
  ["a", "a"],
  [1, "a"]
]
