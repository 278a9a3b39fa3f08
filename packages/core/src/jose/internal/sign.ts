/**
 * Signed statements of the client's own (RFC 7521, section 5; RFC 7523, section 3): who says it, of whom, to whom, for
 * how long, and a name that never comes twice.
 */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as jose from "jose"
import * as Ids from "../../internal/ids.ts"
import { ConfigurationInvalid, KeyUnavailable } from "../../OAuthError.ts"
import type { SigningKey } from "../SigningKey.ts"
import * as Algorithms from "./algorithms.ts"

/** A key, with the algorithm that it signs with. */
export interface Ready {
  readonly algorithm: Algorithms.Name
  readonly kid: string | undefined
  /** Names the key, so that a rotated one is told from the same one. */
  readonly basis: Redacted.Redacted
  /** What its statements are called. */
  readonly names: Ids.Drawn
  readonly sign: (header: Header, payload: Members) => Effect.Effect<string, KeyUnavailable>
}

/** The members of a header or a payload. */
export type Members = Readonly<Record<string, Json>>

/** What a header says. */
export type Header = Members & { readonly alg: Algorithms.Name }

/** What a statement says beyond its times and its name. */
export interface Statement {
  readonly issuer: string
  readonly subject?: string | undefined
  readonly audience: string
  readonly typ: string | undefined
  readonly lifetime: Duration.Duration
  /** How far the server's clock may be behind. */
  readonly skew: Duration.Duration
  readonly claims?: Members | undefined
}

/** A key of the client's, ready to sign with an algorithm that the other side supports. */
export const ready = (
  key: SigningKey,
  supported: ReadonlyArray<string> | undefined
): Result.Result<Ready, ConfigurationInvalid> =>
  "jwk" in key
    ? byJwk(key.jwk, key, supported)
    : Result.map(chosen([key.algorithm], supported), (algorithm) => ({
      algorithm,
      kid: key.kid,
      basis: Redacted.make(`${key.kid ?? ""} ${identityOf("sign" in key ? key.sign : key.cryptoKey)}`),
      names: Ids.drawn(nameLength),
      sign: (header, payload) =>
        "sign" in key
          ? remote(key.sign, header, payload)
          : local(key.cryptoKey, key.kid, header, payload)
    }))

/** The client's secret, ready to sign. */
export const readySecret = (
  secret: Redacted.Redacted,
  algorithm: Algorithms.Name,
  supported: ReadonlyArray<string> | undefined
): Result.Result<Ready, ConfigurationInvalid> =>
  Result.gen(function*() {
    const name = yield* chosen([algorithm], supported)
    const key = new TextEncoder().encode(Redacted.value(secret))
    if (!Algorithms.isSymmetric(name)) return yield* invalid("algorithm", "is not one that a secret signs with")
    if (key.length * 8 < Algorithms.of(name).hash) {
      return yield* invalid("clientSecret", `is shorter than ${name} needs (OpenID Connect Core, section 16.19)`)
    }
    return {
      algorithm: name,
      kid: undefined,
      basis: secret,
      names: Ids.drawn(nameLength),
      sign: (header, payload) => local(key, undefined, header, payload)
    }
  })

/** Makes a statement: times in whole seconds, and a name of 192 random bits. */
export const state = (key: Ready, statement: Statement): Effect.Effect<Redacted.Redacted, KeyUnavailable> =>
  Clock.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const jti = key.names.next() ?? key.names.refill(SecureRandom.randomBytesUnsafe(key.names.size), clock)
    const token = key.sign({
      alg: key.algorithm,
      ...(statement.typ === undefined ? {} : { typ: statement.typ }),
      ...(key.kid === undefined ? {} : { kid: key.kid })
    }, {
      ...statement.claims,
      iss: statement.issuer,
      ...(statement.subject === undefined ? {} : { sub: statement.subject }),
      aud: statement.audience,
      jti,
      iat: Math.floor((now - Duration.toMillis(statement.skew)) / 1000),
      exp: Math.floor((now + Duration.toMillis(statement.lifetime)) / 1000)
    })
    return Effect.map(token, (token) => Redacted.make(token))
  })

// in bytes: 192 random bits
const nameLength = 24

/** What is wrong with an option. */
export const invalid = (field: string, problem: string): Result.Result<never, ConfigurationInvalid> =>
  Result.fail(new ConfigurationInvalid({ field, problem }))

const byJwk = (
  redacted: Redacted.Redacted<Members>,
  named: { readonly kid?: string | undefined; readonly algorithm?: Algorithms.Name | undefined },
  supported: ReadonlyArray<string> | undefined
): Result.Result<Ready, ConfigurationInvalid> =>
  Result.gen(function*() {
    const jwk = Redacted.value(redacted)
    if (typeof jwk["d"] !== "string") return yield* invalid("key", "is not a private JSON Web Key")
    const own = named.algorithm ?? jwk["alg"]
    const able = own === undefined
      ? Object.keys(Algorithms.algorithms).filter(Algorithms.isName).filter((name) => {
        const { crv, kty } = Algorithms.of(name)
        return kty === jwk["kty"] && (crv === undefined || crv === jwk["crv"])
      })
      : [own]
    const algorithm = yield* chosen(able, supported)
    const kid = named.kid ?? (typeof jwk["kid"] === "string" ? jwk["kid"] : undefined)
    return {
      algorithm,
      kid,
      basis: Redacted.make(JSON.stringify(["kid", "kty", "crv", "n", "e", "x", "y"].map((name) => jwk[name] ?? null))),
      names: Ids.drawn(nameLength),
      sign: (header, payload) => local(imported(jwk), kid, header, payload)
    }
  })

const chosen = (
  able: ReadonlyArray<unknown>,
  supported: ReadonlyArray<string> | undefined
): Result.Result<Algorithms.Name, ConfigurationInvalid> => {
  const known = able.filter(Algorithms.isName)
  const algorithm = known.find((name) => supported === undefined || supported.includes(name))
  if (algorithm !== undefined) return Result.succeed(algorithm)
  return invalid("algorithm", known.length === 0 ? "is not one that signs" : "is not one that the server supports")
}

const local = (
  key: CryptoKey | jose.JWK | Uint8Array,
  kid: string | undefined,
  header: Header,
  payload: Members
): Effect.Effect<string, KeyUnavailable> =>
  Effect.tryPromise({
    try: () => new jose.CompactSign(bytesOf(payload)).setProtectedHeader({ ...header }).sign(key),
    // the cause may show the key
    catch: () => new KeyUnavailable({ use: "client-authentication", keyId: kid })
  })

const remote = Effect.fnUntraced(function*(
  sign: Extract<SigningKey, { readonly sign: unknown }>["sign"],
  header: Header,
  payload: Members
): Effect.fn.Return<string, KeyUnavailable> {
  const input = `${Base64Url.encode(bytesOf(header))}.${Base64Url.encode(bytesOf(payload))}`
  const signature = yield* Effect.mapError(
    sign(new TextEncoder().encode(input)),
    ({ reason }) => reason._tag === "KeyUnavailable" ? reason : new KeyUnavailable({ use: "client-authentication" })
  )
  return `${input}.${Base64Url.encode(signature)}`
})

const bytesOf = (members: Members): Uint8Array => new TextEncoder().encode(JSON.stringify(members))

// `jose` keeps what it imports with the object, and freezes that: a copy of ours
const copies = new WeakMap<Members, jose.JWK>()

const imported = (jwk: Members): jose.JWK => {
  const copy = copies.get(jwk) ?? { ...jwk }
  copies.set(jwk, copy)
  return copy
}

const identities = new WeakMap<object, number>()
let identified = 0

const identityOf = (object: object): number => {
  const identity = identities.get(object) ?? ++identified
  identities.set(object, identity)
  return identity
}
