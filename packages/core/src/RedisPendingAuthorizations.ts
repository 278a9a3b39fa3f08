/**
 * Pending authorizations in Redis: a login starts on one machine and its answer
 * arrives at another.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import * as Configuration from "./Configuration.ts"
import * as Shared from "./internal/redis.ts"
import * as OAuthError from "./OAuthError.ts"
import { isOf, PendingAuthorizations } from "./PendingAuthorizations.ts"

/**
 * Where in Redis the pending authorizations are.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** What the names of all keys begin with; `"oauth"`. */
  readonly prefix?: string | undefined
}

/**
 * Makes a keeper of pending authorizations of the Redis in the context.
 *
 * **Details**
 *
 * Each is a string that expires by itself; taking it is one `GETDEL`, which one
 * of any number of takers wins. Redis 6.2 or newer.
 *
 * **Gotchas**
 *
 * They hold code verifiers in clear. Put `EncryptedPendingAuthorizations` over it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<PendingAuthorizations["Service"], OAuthError.OAuthError, Redis.Redis> {
  const redis = yield* Redis.Redis
  const names = yield* Shared.names("RedisPendingAuthorizations", options)

  return PendingAuthorizations.of({
    put: Effect.fn("RedisPendingAuthorizations.put")(
      (pending, timeToLive) =>
        timeToLive < 1 ? Effect.void : redis.send(
          "SET",
          names.pending(Redacted.value(pending.state)),
          encode(pending),
          "PX",
          String(Math.floor(timeToLive))
        ).pipe(Effect.asVoid, Effect.mapError(Shared.reason)),
      failingIn("put")
    ),
    take: Effect.fn("RedisPendingAuthorizations.take")(
      (state) =>
        redis.send("GETDEL", names.pending(state)).pipe(
          Effect.mapError(Shared.reason),
          Effect.flatMap((found) =>
            found === null
              ? Effect.succeedNone
              : Effect.mapBoth(Effect.fromResult(decode(found)), {
                onFailure: () => new OAuthError.RecordInvalid({ store: "redis", problem: "no pending authorization" }),
                onSuccess: Option.some
              })
          )
        ),
      failingIn("take")
    ),
    // few are pending at a time, and people are seldom deleted: they are looked for, and no index is kept
    forget: Effect.fn("RedisPendingAuthorizations.forget")(
      function*(account) {
        const pattern = names.pending("").replace(/[*?[\]\\]/g, "\\$&") + "*"
        // a scan goes forward, and has an end
        const visited = new Set<string>()
        let cursor = "0"
        let forgotten = 0
        do {
          const reply = yield* redis.send("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
          const [next, found] = yield* Effect.mapError(Effect.fromResult(decodeScan(reply)), () => notUnderstood)
          for (const name of found) {
            const pending = decode(yield* redis.send("GET", name))
            if (Result.isFailure(pending) || !isOf(pending.success, account)) continue
            if (Number(yield* redis.send("DEL", name)) === 1) forgotten++
          }
          if (visited.has(next) || visited.size === maxPages) return yield* Effect.fail(notUnderstood)
          visited.add(next)
          cursor = next
        } while (cursor !== "0")
        return forgotten
      },
      Effect.mapError((error) => error._tag === "RecordInvalid" ? error : Shared.reason(error)),
      failingIn("forget")
    )
  })
})

/**
 * Pending authorizations of the Redis in the context; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<PendingAuthorizations, OAuthError.OAuthError, Redis.Redis> =>
  Layer.effect(PendingAuthorizations, make(options))

/**
 * Pending authorizations whose options are read from `Config`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Configuration.Options<Options>
): Layer.Layer<PendingAuthorizations, OAuthError.OAuthError, Redis.Redis> => Configuration.layer(options, layer)

const Pending = Schema.fromJsonString(AuthorizationRequest.PendingAuthorization)

const encode = Schema.encodeSync(Pending)

const decode = Schema.decodeUnknownResult(Pending)

const decodeScan = Schema.decodeUnknownResult(Schema.Tuple([Schema.String, Schema.Array(Schema.String)]))

// a hundred million keys
const maxPages = 100_000

const notUnderstood = new OAuthError.RecordInvalid({ store: "redis", problem: "the answer is not understood" })

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.StoreUnavailable | OAuthError.RecordInvalid) =>
    OAuthError.make("RedisPendingAuthorizations", method, reason)
  )
