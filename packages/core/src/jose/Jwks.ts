/**
 * The keys that an authorization server signs with: its JSON Web Key Set (RFC
 * 7517; OpenID Connect Core, section 10.1), fetched, kept, and fetched again when
 * keys were rotated.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Json, JsonObject } from "effect/Schema"
import { AuthorizationServer } from "../AuthorizationServer.ts"
import * as Exchange from "../internal/exchange.ts"
import { isJson, member, parseObject } from "../internal/json.ts"
import * as OAuthError from "../OAuthError.ts"
import { OAuthHttpClient } from "../OAuthHttpClient.ts"
import * as TokenResponse from "../TokenResponse.ts"
import * as Jwk from "./internal/jwk.ts"

/**
 * What of a signature's header chooses a key.
 *
 * @category models
 * @since 0.1.0
 */
export type Header = Jwk.Header

/**
 * A public key of the server.
 *
 * @category models
 * @since 0.1.0
 */
export type PublicKey = Jwk.PublicKey

/**
 * The most keys that a set may hold. Servers publish a handful.
 *
 * @category models
 * @since 0.1.0
 */
export const maxKeys = 100

/**
 * How keys are kept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The address of the set; the server's `jwksUri` unless said otherwise. */
  readonly uri?: string | undefined
  /** How long a set is used without asking; 10 minutes. It is how long a key lives that the server took back. */
  readonly timeToLive?: Duration.Input | undefined
  /** How long a set is used beyond that while it cannot be fetched; an hour, and a day at most. */
  readonly staleFor?: Duration.Input | undefined
  /** How often a set may be fetched again for a key that it does not hold; once in 30 seconds. */
  readonly cooldown?: Duration.Input | undefined
  /** The most keys that a set may hold; {@link maxKeys}. */
  readonly maxKeys?: number | undefined
}

/**
 * The keys of one authorization server.
 *
 * @category services
 * @since 0.1.0
 */
export class Jwks extends Context.Service<Jwks, {
  /**
   * The one key that a header names; `undefined` where there is none, or where
   * more than one fits. `tried` is a key that did not verify: another one is
   * wanted.
   *
   * **Details**
   *
   * A `kid` that is not known, and a key that does not verify, have the set
   * fetched again, once in {@link Options.cooldown}: a server may rotate its keys
   * at any moment, and whoever makes up key ids must not make us ask at each.
   */
  readonly key: (header: Header, tried?: PublicKey) => Effect.Effect<PublicKey | undefined, OAuthError.OAuthError>

  /**
   * The first key of the set that encrypts for the server with an algorithm,
   * `"RSA-OAEP-256"`, as a JSON Web Key; `undefined` where there is none.
   */
  readonly encryptionKey: (algorithm: string) => Effect.Effect<JsonObject | undefined, OAuthError.OAuthError>
}>()("@effect-oauth/core/jose/Jwks") {}

/**
 * Makes the keys of the authorization server in context.
 *
 * **Details**
 *
 * Callers at the same time share one request, which belongs to none of
 * them. A failure is answered to everyone for three seconds.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options?: Options
) => Effect.Effect<Jwks["Service"], never, AuthorizationServer | OAuthHttpClient> = Effect.fnUntraced(
  function*(options = {}) {
    const client = yield* OAuthHttpClient
    const server = yield* AuthorizationServer
    const uri = options.uri ?? server.jwksUri
    const timeToLive = millis(options.timeToLive, 600_000)
    const staleFor = Math.min(millis(options.staleFor, 3_600_000), 86_400_000)
    const cooldown = millis(options.cooldown, 30_000)

    let set: { readonly keys: Keys; readonly at: number } | undefined
    let failure: { readonly cause: Cause.Cause<OAuthError.OAuthError>; readonly at: number } | undefined
    let forcedAt = Number.NEGATIVE_INFINITY
    let flight: Deferred.Deferred<Keys, OAuthError.OAuthError> | undefined

    const read: Effect.Effect<Keys, OAuthError.OAuthErrorReason> = Effect.gen(function*() {
      if (uri === undefined) {
        const problem = "is missing; without the server's keys no signature can be verified"
        return yield* new OAuthError.ConfigurationInvalid({ field: "jwksUri", problem })
      }
      const outcome = yield* Exchange.once(client, HttpClientRequest.get(uri, { acceptJson: true }), {
        field: "jwksUri"
      })
      return yield* outcome._tag === "Answer"
        ? Effect.fromResult(judge(outcome.answer, options.maxKeys ?? maxKeys))
        : Effect.fail(outcome.reason)
    })

    const fetch: Effect.Effect<Keys, OAuthError.OAuthError> = Effect.suspend(() => {
      if (flight !== undefined) return Deferred.await(flight)
      const done = flight = Deferred.makeUnsafe<Keys, OAuthError.OAuthError>()
      const run = read.pipe(
        Effect.mapError((reason) => OAuthError.make("Jwks", "key", reason)),
        Effect.withSpan("Jwks.fetch", { attributes: { "oauth.provider": server.provider } }),
        Effect.onExit((exit) =>
          Effect.map(Clock.currentTimeMillis, (at) => {
            flight = undefined
            if (exit._tag === "Success") set = { keys: exit.value, at }
            failure = exit._tag === "Success" ? undefined : { cause: exit.cause, at }
            Deferred.doneUnsafe(done, exit)
          })
        )
      )
      return Effect.andThen(Effect.forkDetach(run), Deferred.await(done))
    })

    // the set as it may be used now, and whether it has just come
    const current: Effect.Effect<
      { readonly keys: Keys; readonly fresh: boolean },
      OAuthError.OAuthError
    > = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const age = set === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - set.at)
      if (set !== undefined && age < timeToLive) return { keys: set.keys, fresh: false }
      const stale = set !== undefined && age < timeToLive + staleFor ? set.keys : undefined
      if (failure !== undefined && Math.abs(now - failure.at) < failureTimeToLive) {
        return stale === undefined ? yield* Effect.failCause(failure.cause) : { keys: stale, fresh: false }
      }
      return stale === undefined
        ? { keys: yield* fetch, fresh: true }
        : yield* Effect.match(fetch, {
          onFailure: () => ({ keys: stale, fresh: true }),
          onSuccess: (keys) => ({ keys, fresh: true })
        })
    })

    return Jwks.of({
      encryptionKey: (algorithm) => Effect.map(current, ({ keys }) => Jwk.encryptionKeys(keys.all, algorithm)[0]),
      key: Effect.fnUntraced(function*(header, tried) {
        const other = ({ verifying }: Keys): PublicKey | undefined => {
          const key = Jwk.select(verifying, header)
          return typeof key === "string" || (tried !== undefined && Jwk.equals(key, tried)) ? undefined : key
        }
        const { fresh, keys } = yield* current
        const known = other(keys)
        if (known !== undefined || fresh) return known
        const now = yield* Clock.currentTimeMillis
        if (Math.abs(now - forcedAt) < cooldown && flight === undefined) return undefined
        forcedAt = now
        return other(yield* fetch)
      })
    })
  }
)

/**
 * The keys of the authorization server in context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Jwks, never, AuthorizationServer | OAuthHttpClient> =>
  Layer.effect(Jwks, Effect.suspend(() => make(options)))

interface Keys {
  readonly verifying: ReadonlyArray<PublicKey>
  /** As the set has them. */
  readonly all: ReadonlyArray<Json>
}

const failureTimeToLive = 3_000

const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

const judge = (
  answer: TokenResponse.Answer,
  maxKeys: number
): Result.Result<Keys, OAuthError.OAuthErrorReason> => {
  const { headers, status } = answer
  const invalid = (problem: OAuthError.ResponseInvalid["problem"], field?: string) =>
    Result.fail(new OAuthError.ResponseInvalid({ problem, field, status }))
  if (status !== 200) {
    const judgement = TokenResponse.judge(answer)
    return judgement._tag === "Granted" ? invalid("status") : Result.fail(judgement.reason)
  }
  if (!isJson(headers["content-type"])) return invalid("content-type")
  const parsed = parseObject(answer.body)
  if (typeof parsed === "string") return invalid(parsed)
  const keys = member(parsed, "keys")
  if (keys === undefined) return invalid("missing", "keys")
  if (!Array.isArray(keys)) return invalid("wrong-type", "keys")
  return keys.length > maxKeys
    ? invalid("out-of-range", "keys")
    : Result.succeed({ verifying: Jwk.publicKeys(keys), all: keys })
}
