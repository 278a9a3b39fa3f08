/**
 * Demonstrating proof of possession (RFC 9449): every request carries a proof,
 * signed by a key that never leaves, and a token that was stolen is of no use
 * without it.
 *
 * With a `Dpop` in context, token requests are proven, tokens are bound to the
 * key, and requests to APIs are proven afresh each time. Nothing else changes.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Configuration from "./Configuration.ts"
import * as DpopKey from "./DpopKey.ts"
import { type Answer, Dpop, type Proof, type Request } from "./DpopProof.ts"
import { ofBinary, ofBytes } from "./internal/base64Url.ts"
import * as Ids from "./internal/ids.ts"
import * as Proven from "./internal/proven.ts"
import { isPrivate, parse } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import * as PlatformDigest from "./PlatformDigest.ts"

/**
 * What a sender knows of proofs: the service, what it proves, and what it hears.
 *
 * @category models
 * @since 0.1.0
 */
export { type Answer, Dpop, type Exchange, type Proof, type Request } from "./DpopProof.ts"

/**
 * How many origins are remembered, each with its nonce and its time. When there
 * are more, the one that was not heard of for longest is forgotten; it then asks
 * for a nonce once more.
 *
 * @category models
 * @since 0.1.0
 */
export const capacity = 256

/**
 * Options of the service.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Keys that grants may still be bound to; new ones are not. */
  readonly formerKeys?: ReadonlyArray<DpopKey.DpopKey> | undefined
  /**
   * What becomes of a token that is not bound to the key: `"refused"`, unless
   * plain bearer tokens are `"accepted"` from servers that do not bind theirs.
   */
  readonly unbound?: "refused" | "accepted" | undefined
  /** How many origins are remembered; {@link capacity}. */
  readonly capacity?: number | undefined
}

/**
 * Makes the service of a key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  key: DpopKey.DpopKey,
  options?: Options
) => Effect.Effect<Dpop["Service"], never, Digest.Digest | SecureRandom.SecureRandom> = (key, options) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const utf8 = new TextEncoder()
    const digest = yield* Digest.Digest
    const random = yield* SecureRandom.SecureRandom
    const signers = new Map([...(options?.formerKeys ?? []), key].map((each) => [each.thumbprint, signer(each)]))
    const servers = new Map<string, Server>()
    const hashes = new WeakMap<Redacted.Redacted, string>()

    let latest: Server | undefined
    const server = (origin: string): Server => {
      if (latest?.origin === origin) return latest
      const known = servers.get(origin) ?? { origin, nonce: undefined, ahead: 0 }
      servers.delete(origin)
      servers.set(origin, known)
      // insertion order is the order of use
      for (const [oldest] of servers) {
        if (servers.size <= (options?.capacity ?? capacity)) break
        servers.delete(oldest)
      }
      latest = servers.has(origin) ? known : undefined
      return known
    }

    const names = Ids.drawn(nameLength)

    const hash = (token: Redacted.Redacted): Effect.Effect<string> =>
      Effect.map(digest.digest(Digest.sha256, utf8.encode(Redacted.value(token))), (bytes) => {
        const ath = Base64Url.encode(bytes)
        hashes.set(token, ath)
        return ath
      })

    const prove = (
      { header, key }: Signer,
      { method }: Pick<Request, "method">,
      url: URL,
      ath: string | undefined,
      jti = names.next()
    ): Effect.Effect<Proof, OAuthError.OAuthError> => {
      if (jti === undefined) {
        return Effect.flatMap(
          random.randomBytes(names.size),
          (bytes) => prove({ header, key }, { method }, url, ath, names.refill(bytes, clock))
        )
      }
      const { origin } = url
      const { ahead, nonce } = server(origin)
      const claims = JSON.stringify({
        jti,
        htm: method,
        htu: origin + url.pathname,
        iat: Math.floor((clock.currentTimeMillisUnsafe() + ahead) / 1000),
        ath,
        nonce
      })
      // addresses, methods and nonces are ASCII
      const input = `${header}.${ofBinary(claims)}`
      return Effect.map(key.sign(utf8.encode(input)), (signature) => ({
        value: Redacted.make(`${input}.${ofBytes(signature)}`),
        origin,
        thumbprint: key.thumbprint,
        nonce
      }))
    }

    const service: Omit<Dpop["Service"], "exchange"> = {
      thumbprint: key.thumbprint,
      unbound: options?.unbound ?? "refused",
      holds: (thumbprint) => signers.has(thumbprint),
      proof: (request) =>
        Effect.suspend(() => {
          const { accessToken, algorithms, thumbprint = key.thumbprint } = request
          const signer = signers.get(thumbprint)
          if (signer === undefined) return fail(new OAuthError.KeyUnavailable({ use: "dpop", keyId: thumbprint }))
          const { algorithm } = signer.key
          if (algorithms !== undefined && !algorithms.includes(algorithm)) {
            return invalid("dpopKey", `is for ${algorithm}, which the server does not list`)
          }
          if (!/^[!-~]+$/.test(request.method)) return invalid("method", "is not the name of a method")
          const url = parse(request.url)
          if (url === undefined) return invalid("url", "is not an absolute URL")
          if (!isPrivate(url)) return invalid("url", "must begin with https://, which DPoP presupposes")
          const ath = accessToken === undefined ? undefined : hashes.get(accessToken)
          return accessToken === undefined || ath !== undefined
            ? prove(signer, request, url, ath)
            : Effect.flatMap(hash(accessToken), (ath) => prove(signer, request, url, ath))
        }),
      heard: (proof, { error, headers }) => {
        const given = headers["dpop-nonce"]
        const known = server(proof.origin)
        if (given !== undefined && isNonce(given)) known.nonce = given
        if (error === "use_dpop_nonce") return known.nonce === given && given !== undefined && given !== proof.nonce
        if (error !== "invalid_dpop_proof") return false
        const ahead = dateOf(headers) - clock.currentTimeMillisUnsafe()
        if (!(Math.abs(ahead - known.ahead) > tolerance)) return false
        known.ahead = ahead
        return true
      }
    }
    return Dpop.of({ ...service, exchange: Proven.exchange(service) })
  })

/**
 * Proves with a key that is generated for this process and ends with it.
 *
 * **Gotchas**
 *
 * Grants that are kept for longer than the process, or shared between
 * processes, need a key that is: a public client's refresh token is bound to
 * it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options & { readonly algorithm?: DpopKey.Algorithm | undefined }
): Layer.Layer<Dpop, OAuthError.OAuthError> =>
  layerKey(Effect.suspend(() => DpopKey.generate(options?.algorithm)), options)

/**
 * Proves with a key of one's own.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerKey = <R = never>(
  key: Effect.Effect<DpopKey.DpopKey, OAuthError.OAuthError, R>,
  options?: Options
): Layer.Layer<Dpop, OAuthError.OAuthError, Exclude<R, Digest.Digest | SecureRandom.SecureRandom>> =>
  layerWith(key, options).pipe(
    Layer.provide(Layer.merge(PlatformDigest.layer, SecureRandom.layerWebCrypto))
  )

/**
 * The same with digests and randomness from the context: for tests, and for
 * platforms without WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = <R = never>(
  key: Effect.Effect<DpopKey.DpopKey, OAuthError.OAuthError, R>,
  options?: Options
): Layer.Layer<Dpop, OAuthError.OAuthError, R | Digest.Digest | SecureRandom.SecureRandom> =>
  Layer.effect(Dpop, Effect.flatMap(key, (key) => make(key, options)))

/**
 * Proves with a private key that `Config` holds as the JSON text of a JWK.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: { readonly dpopKey: Config.Config<Redacted.Redacted> } & Options
): Layer.Layer<Dpop, OAuthError.OAuthError> =>
  Configuration.layer({ dpopKey: options.dpopKey }, ({ dpopKey }) => layerKey(DpopKey.fromJwk(dpopKey), options))

// in bytes: 128 random bits
const nameLength = 16

interface Server {
  readonly origin: string
  nonce: string | undefined
  /** How far the server's clock is ahead of this process's, in milliseconds. */
  ahead: number
}

interface Signer {
  readonly key: DpopKey.DpopKey
  readonly header: string
}

// the same for all proofs of a key
const signer = (key: DpopKey.DpopKey): Signer => ({
  key,
  header: Base64Url.encode(JSON.stringify({ typ: "dpop+jwt", alg: key.algorithm, jwk: key.publicJwk }))
})

// NQCHAR (RFC 6749, appendix A); two headers that were joined hold a space, which is none
const isNonce = (text: string): boolean => text.length <= 1024 && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

// what the way of an answer and the grain of `Date` can amount to
const tolerance = 5_000

const dateOf = (headers: Answer["headers"]): number => {
  const date = headers["date"] === undefined ? undefined : Headers.parseHttpDate(headers["date"])
  return date === undefined || Result.isFailure(date) ? Number.NaN : DateTime.toEpochMillis(date.success)
}

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("Dpop", "proof", reason))

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  fail(new OAuthError.ConfigurationInvalid({ field, problem }))
