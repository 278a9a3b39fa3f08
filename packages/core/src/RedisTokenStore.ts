/**
 * Grants in Redis, shared by any number of machines.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Configuration from "./Configuration.ts"
import type * as Grant from "./Grant.ts"
import * as GrantHistory from "./GrantHistory.ts"
import * as Shared from "./internal/redis.ts"
import * as Changes from "./internal/redisChanges.ts"
import * as Reply from "./internal/redisReply.ts"
import * as Scripts from "./internal/redisScripts.ts"
import * as Settings from "./internal/redisSettings.ts"
import * as Spans from "./internal/spans.ts"
import * as OAuthError from "./OAuthError.ts"
import { type Head, type Outcome, TokenStore } from "./TokenStore.ts"

/**
 * Where in Redis the grants are.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What the names of all keys begin with; `"oauth"`. Stores of different
   * prefixes share nothing.
   */
  readonly prefix?: string | undefined
}

/**
 * Makes a store of the Redis in the context.
 *
 * **Details**
 *
 * - Every write is one script that compares the version and swaps, so no two
 *   writers win, and it takes one round trip. Running late (a client queues
 *   commands while it is cut off) it changes nothing, unless nothing else has
 *   changed meanwhile; and then its write id tells whose it is.
 * - Versions hold the number of the write and the write's id: none comes twice,
 *   also when Redis forgets its last writes.
 * - The store's now is that of Redis (`TIME`).
 * - `due` and `list` go by sorted sets, a thousand entries at a time, and fetch no
 *   bodies. A record that cannot be read is passed over with a warning.
 * - One subscription announces the changes of all grants. A missed message shows
 *   in the numbering and a connection that died in the silence; either is a `Gap`
 *   at the latest after some seven seconds.
 * - All keys of a store share a hash tag: in a cluster a store is on one node. It
 *   takes one subscription connection besides the client's own.
 *
 * Redis 6.2 or newer, and what speaks its protocol and runs Lua.
 *
 * **Gotchas**
 *
 * What Redis has acknowledged it may still lose: its persistence settings decide
 * (`appendfsync always`, `maxmemory-policy noeviction`). Settings under which it
 * forgets grants are warned of when the store is made; the guide "Redis" says
 * what each of them means.
 *
 * Bodies are in clear, also in `MONITOR` and in the slow log. Put
 * `EncryptedTokenStore` over it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: Options): Effect.fn.Return<
  TokenStore["Service"],
  OAuthError.OAuthError,
  Redis.Redis | Scope.Scope
> {
  const redis = yield* Redis.Redis
  const names = yield* Shared.names("RedisTokenStore", options)
  const states = Object.values(names.states)

  const run = <A>(
    script: Scripts.Script,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string | number>,
    decode: (reply: unknown) => Effect.Effect<A, OAuthError.RecordInvalid>
  ): Effect.Effect<A, Failure> =>
    redis.eval(script)(keys, args).pipe(Effect.mapError(Shared.reason), Effect.flatMap(decode))

  const standing = (key: string, outcome: Effect.Effect<Outcome, Failure>): Effect.Effect<Outcome, Failure> =>
    Effect.filterOrFail(
      outcome,
      ({ grant }) => grant === undefined || grant.key === key,
      () => Reply.invalid("the record of another grant is under its name")
    )

  const outcome = (
    key: string,
    script: Scripts.Script,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string | number>
  ): Effect.Effect<Outcome, Failure> => standing(key, run(script, [names.grant(key), ...keys], args, Reply.outcome))

  const headsOf = (ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Head>, Failure> =>
    ids.length === 0 ? Effect.succeed([]) : run(Scripts.heads, ids.map(names.grant), [], Reply.rows).pipe(
      Effect.flatMap(Effect.forEach((row, index) =>
        Effect.catchTag(
          Reply.head(row),
          "RecordInvalid",
          (reason) => Effect.as(Effect.logWarning(`${reason.message}: ${ids[index]}`), undefined)
        )
      )),
      Effect.map((heads) => heads.filter((head) => head !== undefined))
    )

  const write = (expected: string | undefined, draft: Grant.Draft): Effect.Effect<Outcome, Failure> =>
    Effect.suspend(() => {
      const encoded = Reply.encode(draft)
      if (Result.isFailure(encoded)) return Effect.fail(encoded.failure)
      const { dueIn, leaseFor, note, retryIn } = draft
      const [provider = ""] = draft.key.split("|", 1)
      const written = run(
        Scripts.write,
        [names.grant(draft.key), names.sequence, names.keys, names.providers, names.due(provider), ...states],
        [
          expected === undefined ? "" : `=${expected}`,
          draft.key,
          provider,
          draft.writeId,
          encoded.success.head,
          encoded.success.body,
          names.states[draft.state._tag],
          millis(dueIn),
          millis(retryIn),
          millis(leaseFor),
          names.changes,
          note === undefined ? "" : GrantHistory.toText(note, draft.serial),
          GrantHistory.characters
        ],
        Reply.written(draft)
      )
      return standing(draft.key, written)
    })

  yield* Effect.forkScoped(Settings.warn(redis))

  return TokenStore.of({
    name: "redis",
    changes: yield* Changes.make(redis, names),
    read: Effect.fn("RedisTokenStore.read")(
      (key) => outcome(key.id, Scripts.read, [], []),
      failingIn("read")
    ),
    write: (expected, draft) => Spans.withSpan(failingIn("write")(write(expected, draft)), "RedisTokenStore.write"),
    extend: Effect.fn("RedisTokenStore.extend")(
      (key, { leaseFor, version }) => outcome(key.id, Scripts.extend, [], [version, millis(leaseFor)]),
      failingIn("extend")
    ),
    remove: Effect.fn("RedisTokenStore.remove")(
      (key, version) =>
        outcome(
          key.id,
          Scripts.remove,
          [names.sequence, names.keys, names.due(Shared.encodeProvider(key.provider)), ...states],
          [version, key.id, names.changes]
        ),
      failingIn("remove")
    ),
    setAside: Effect.fn("RedisTokenStore.setAside")((key, version) => {
      const place = names.aside(key.id, version)
      return run(
        Scripts.setAside,
        [
          names.grant(key.id),
          names.sequence,
          place,
          names.keys,
          names.due(Shared.encodeProvider(key.provider)),
          ...states
        ],
        [version, key.id, names.changes],
        Reply.moved
      ).pipe(Effect.map((aside) => aside.accepted ? { ...aside, place: `the key ${place}` } : aside))
    }, failingIn("setAside")),
    due: Effect.fn("RedisTokenStore.due")(function*({ before, cursor, from, limit, providers }) {
      const encoded = providers === undefined
        ? yield* run(Scripts.members, [names.providers], [], Reply.members)
        : [...new Set(providers.map(Shared.encodeProvider))]
      const { entries, now } = yield* run(
        Scripts.due,
        [names.sequence, ...encoded.map(names.due)],
        [
          Math.min(before, Number.MAX_SAFE_INTEGER),
          limit,
          // no key comes before the empty one
          ...dueCursor(cursor ?? (from === undefined ? undefined : `${Math.ceil(Math.max(0, from))}|`))
        ],
        Reply.entries
      )
      const some = entries.slice(0, limit)
      const heads = yield* headsOf(some.map(({ key }) => key))
      const last = some.at(-1)
      return {
        now,
        // what was written since is looked at as it is now
        heads: heads.filter(({ dueAt }) => dueAt !== undefined && dueAt < before),
        ...(last === undefined || entries.length <= limit ? {} : { cursor: `${last.at}|${last.key}` })
      }
    }, failingIn("due")),
    list: Effect.fn("RedisTokenStore.list")(
      function*({ account, cursor, limit, provider, state }) {
        const [from, to] = provider === undefined ? ["-", "+"] : prefixed(`${Shared.encodeProvider(provider)}|`)
        const index = state === undefined ? names.keys : names.states[state]
        const heads: Array<Head> = []
        let min = cursor === undefined ? from : `(${cursor}`
        while (true) {
          const wanted = limit + 1 - heads.length
          const { keys, last, now } = yield* run(
            Scripts.scan,
            [index],
            [min, to, wanted, account === undefined ? "" : `=${Shared.encodeAccount(account)}`],
            Reply.scan
          )
          for (const head of yield* headsOf(keys)) {
            if (state === undefined || head.state._tag === state) heads.push(head)
          }
          if (heads.length > limit) {
            return { now, heads: heads.slice(0, limit), cursor: heads[limit - 1]?.key }
          }
          if (last === "") return { now, heads }
          min = `(${last}`
        }
      },
      failingIn("list")
    ),
    history: Effect.fn("RedisTokenStore.history")(
      (key) => Effect.map(run(Scripts.history, [names.grant(key.id)], [], Reply.history), GrantHistory.fromText),
      failingIn("history")
    )
  })
})

/**
 * A store of the Redis in the context; see {@link make}.
 *
 * **Example** (With Node's client)
 *
 * ```ts
 * import { RedisTokenStore } from "@effect-oauth/core"
 * import { NodeRedis } from "@effect/platform-node"
 * import { Layer } from "effect"
 *
 * const store = RedisTokenStore.layer().pipe(
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379", disableOfflineQueue: true }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<TokenStore, OAuthError.OAuthError, Redis.Redis> =>
  Layer.effect(TokenStore, make(options))

/**
 * A store whose options are read from `Config`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Configuration.Options<Options>
): Layer.Layer<TokenStore, OAuthError.OAuthError, Redis.Redis> => Configuration.layer(options, layer)

// where a call came from is not worth its price twice in a renewal

type Failure = OAuthError.StoreUnavailable | OAuthError.RecordInvalid

const failingIn = (method: string) =>
  Effect.mapError((reason: Failure) => OAuthError.make("RedisTokenStore", method, reason))

// whole milliseconds, and no more than an instant can hold
const millis = (duration: number | undefined): string =>
  duration === undefined ? "" : String(Math.round(Math.min(duration, 4e15)))

// every key that begins so: what follows the prefix is ASCII
const prefixed = (prefix: string): readonly [string, string] => [`[${prefix}`, `[${prefix}\u00ff`]

const dueCursor = (cursor: string | undefined): readonly [string, string] => {
  const [, at = "", key = ""] = cursor === undefined ? [] : /^(\d+)\|(.*)$/s.exec(cursor) ?? ["", "0", cursor]
  return [at, key]
}
