/**
 * Grants in IndexedDB, shared by all tabs and workers of an origin.
 *
 * @since 0.1.0
 */
import * as Grant from "@effect-oauth/core/Grant"
import * as GrantHistory from "@effect-oauth/core/GrantHistory"
import * as GrantSchema from "@effect-oauth/core/GrantSchema"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Changes from "./internal/changes.ts"
import * as Database from "./internal/database.ts"

/**
 * Makes a store that keeps grants in an IndexedDB database of this origin.
 *
 * **Details**
 *
 * - A record is compared and swapped in one transaction of IndexedDB, which is
 *   exclusive over all tabs: of any number that write at once, one wins. A tab
 *   that was closed in the middle leaves the old record, and nothing locked.
 * - Tabs notify each other by a `BroadcastChannel`. A tab that was asleep hears a
 *   `Gap` when it wakes up.
 * - Versions are random, so none comes again.
 * - The store's now is the machine's clock.
 * - What cannot be read as a record is `RecordInvalid`, and left as it is; `due`
 *   and `list` pass it over with a warning.
 *
 * **Gotchas**
 *
 * Tokens are in clear, in files of the browser's profile and within reach of
 * every script of the origin. `BrowserStorage.layerShared` seals them with a key
 * that no script can take out. Scripts of the origin can still use it: against
 * code that runs in the page there is no store (RFC 10017, section 5.1.2), only
 * a backend.
 *
 * A browser may clear what it stores when the disk is full, or when nobody came
 * for a while. The grant is then absent: log in again.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
}): Effect.fn.Return<TokenStore.TokenStore["Service"], never, Scope.Scope | SecureRandom.SecureRandom> {
  const clock = yield* Clock.Clock
  const random = yield* SecureRandom.SecureRandom
  const database = yield* Database.make(options?.database)
  const changes = yield* Changes.make(options?.database)

  const read = (key: string) =>
    database.transact("grants", "readonly", (transaction) => {
      const request = transaction.objectStore("grants").get(key)
      return (): unknown => request.result
    })

  // lets `decide` choose what shall stand, while nobody else can write
  const change = Effect.fnUntraced(function*(
    key: string,
    decide: (current: Grant.Grant | undefined, fresh: { readonly now: number; readonly version: string }) => Decision
  ): Effect.fn.Return<TokenStore.Outcome, Failure> {
    const version = yield* random.uuidV4()
    const result = yield* database.transact("grants", "readwrite", (transaction) => {
      const store = transaction.objectStore("grants")
      const request = store.get(key)
      let result: Result.Result<TokenStore.Outcome, Failure> | undefined
      request.addEventListener("success", () => {
        result = Result.flatMap(decode(key, request.result), (kept): Result.Result<TokenStore.Outcome, Failure> => {
          const now = clock.currentTimeMillisUnsafe()
          const decision = decide(kept?.grant, { now, version })
          if (decision._tag === "Keep") return Result.succeed({ now, accepted: false, grant: kept?.grant })
          if (decision._tag === "Remove") {
            store.delete(key)
            return Result.succeed({ now, accepted: true, grant: undefined })
          }
          const { grant } = decision
          const history = decision._tag === "Put" ? Grant.appendHistory(kept?.history, grant) : kept?.history ?? []
          return Result.mapBoth(GrantSchema.encode(grant), {
            onFailure: () => refused,
            onSuccess: (encoded) => {
              store.put({ version: grant.version, history, grant: encoded }, key)
              return { now, accepted: true, grant }
            }
          })
        })
      })
      return () => result
    })
    return result === undefined ? yield* Effect.fail(notAnswered) : yield* Effect.fromResult(result)
  })

  const notified = (outcome: TokenStore.Outcome, key: string): Effect.Effect<void> =>
    outcome.accepted
      ? Effect.sync(() => changes.publish({ key, version: outcome.grant?.version }))
      : Effect.void

  const grants = database.transact("grants", "readonly", (transaction) => {
    const store = transaction.objectStore("grants")
    const [keys, values] = [store.getAllKeys(), store.getAll()]
    return () => keys.result.map((key, index) => [typeof key === "string" ? key : "", values.result[index]] as const)
  }).pipe(
    Effect.flatMap(Effect.forEach(([key, value]) =>
      Result.match(decode(key, value), {
        onSuccess: (kept) => Effect.succeed(kept?.grant),
        onFailure: (reason) => Effect.as(Effect.logWarning(reason.message), undefined)
      })
    )),
    Effect.map((grants) => grants.filter((grant) => grant !== undefined))
  )

  return TokenStore.TokenStore.of({
    name: "indexeddb",
    changes: changes.stream,
    read: Effect.fn("IndexedDbTokenStore.read")(function*(key) {
      const kept = yield* Effect.fromResult(decode(key.id, yield* read(key.id)))
      return { now: clock.currentTimeMillisUnsafe(), grant: kept?.grant }
    }, failingIn("read")),
    write: Effect.fn("IndexedDbTokenStore.write")(function*(expected, draft) {
      const outcome = yield* change(
        draft.key,
        (current, fresh) => current?.version === expected ? { _tag: "Put", grant: Grant.stand(draft, fresh) } : keep
      )
      yield* notified(outcome, draft.key)
      return outcome
    }, failingIn("write")),
    extend: Effect.fn("IndexedDbTokenStore.extend")(
      (key, { leaseFor, version }) =>
        change(key.id, (current, { now }) =>
          current?.version === version && current.leaseUntil !== undefined
            ? { _tag: "Adjust", grant: { ...current, leaseUntil: now + leaseFor } }
            : keep),
      failingIn("extend")
    ),
    remove: Effect.fn("IndexedDbTokenStore.remove")(function*(key, version) {
      const outcome = yield* change(key.id, (current) => current?.version === version ? { _tag: "Remove" } : keep)
      yield* notified(outcome, key.id)
      return outcome
    }, failingIn("remove")),
    setAside: Effect.fn("IndexedDbTokenStore.setAside")(function*(key, version) {
      const place = `${key.id} ${yield* random.uuidV4()}`
      const accepted = yield* database.transact(["aside", "grants"], "readwrite", (transaction) => {
        const store = transaction.objectStore("grants")
        const request = store.get(key.id)
        let accepted = false
        request.addEventListener("success", () => {
          if (request.result === undefined || versionOf(request.result) !== version) return
          transaction.objectStore("aside").put(request.result, place)
          store.delete(key.id)
          accepted = true
        })
        return () => accepted
      })
      const now = clock.currentTimeMillisUnsafe()
      if (!accepted) return { now, accepted }
      changes.publish({ key: key.id })
      return { now, accepted, place: `aside: ${place}` }
    }, failingIn("setAside")),
    due: Effect.fn("IndexedDbTokenStore.due")(
      (options) => Effect.map(grants, (all) => TokenStore.selectDue(all, clock.currentTimeMillisUnsafe(), options)),
      failingIn("due")
    ),
    list: Effect.fn("IndexedDbTokenStore.list")(
      (options) => Effect.map(grants, (all) => TokenStore.selectList(all, clock.currentTimeMillisUnsafe(), options)),
      failingIn("list")
    ),
    history: Effect.fn("IndexedDbTokenStore.history")(function*(key) {
      const kept = yield* Effect.fromResult(decode(key.id, yield* read(key.id)))
      return GrantHistory.fromLines(kept?.history ?? [])
    }, failingIn("history"))
  })
})

/**
 * A store that keeps grants in an IndexedDB database of this origin; see
 * {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: {
  readonly database?: string | undefined
}): Layer.Layer<TokenStore.TokenStore, never, SecureRandom.SecureRandom> =>
  Layer.effect(TokenStore.TokenStore, make(options))

const refused = new OAuthError.RecordInvalid({
  store: "indexeddb",
  problem: "it is not of the schema of a grant",
  during: "write"
})

type Failure = OAuthError.StoreUnavailable | OAuthError.RecordInvalid

type Decision =
  | { readonly _tag: "Keep" }
  | { readonly _tag: "Put"; readonly grant: Grant.Grant }
  /** Another lease: nothing that would be remembered. */
  | { readonly _tag: "Adjust"; readonly grant: Grant.Grant }
  | { readonly _tag: "Remove" }

const keep: Decision = { _tag: "Keep" }

const notAnswered = new OAuthError.StoreUnavailable({ store: "indexeddb", problem: "not-answered" })

const failingIn = (method: string) =>
  Effect.mapError((reason: Failure) => OAuthError.make("IndexedDbTokenStore", method, reason))

// what lies in the object store: the version stands beside the record, so that it can be told of what cannot be read
const Kept = Schema.Struct({ version: Schema.String, history: Schema.Array(Schema.String), grant: Schema.Unknown })

const decodeKept = Schema.decodeUnknownResult(Kept)

const decode = (key: string, value: unknown) => {
  if (value === undefined) return Result.succeed(undefined)
  return Result.mapError(
    Result.gen(function*() {
      const { history, grant: record } = yield* decodeKept(value)
      const grant = yield* GrantSchema.decode(record)
      return grant.key === key ? { grant, history } : yield* Result.fail("another's")
    }),
    () =>
      new OAuthError.RecordInvalid({
        store: "indexeddb",
        problem: `what lies under ${key} is not the record of this grant`,
        version: versionOf(value)
      })
  )
}

// what has no version of its own has this one
const versionOf = (value: unknown): string =>
  typeof value === "object" && value !== null && "version" in value && typeof value.version === "string"
    ? value.version
    : "none"
