/**
 * Where grants are kept.
 *
 * A store knows versions and leases, and nothing of protocols: it compares and
 * swaps. That is all the distribution there is: past one machine the store is
 * what processes agree through.
 *
 * It is long because what a backend gives is told here whole, with the smallest
 * backend beside it.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import * as Grant from "./Grant.ts"
import * as GrantHistory from "./GrantHistory.ts"
import type * as GrantKey from "./GrantKey.ts"
import * as Broadcast from "./internal/broadcast.ts"
import * as Held from "./internal/held.ts"
import { make, type OAuthError, RecordInvalid } from "./OAuthError.ts"

/**
 * What a read found, and the store's now (epoch milliseconds).
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  readonly now: number
  readonly grant: Grant.Grant | undefined
}

/**
 * What a write came to: whether it was accepted, and the record that stands
 * either way. A lost claim therefore costs no second round trip.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome extends Reading {
  readonly accepted: boolean
}

/**
 * What setting a record aside came to, and where it is kept, for people.
 *
 * @category models
 * @since 0.1.0
 */
export interface Aside {
  readonly now: number
  readonly accepted: boolean
  readonly place?: string | undefined
}

/**
 * A record without its body.
 *
 * @category models
 * @since 0.1.0
 */
export type Head = Omit<Grant.Grant, "body">

/**
 * One page of records, and the cursor of the next where there is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly now: number
  readonly heads: ReadonlyArray<Head>
  readonly cursor?: string | undefined
}

/**
 * A notification: a key's record changed (`version` is absent when it was
 * removed), or an unknown number of notifications was missed.
 *
 * @category models
 * @since 0.1.0
 */
export type Change =
  | { readonly _tag: "Changed"; readonly key: string; readonly version?: string | undefined }
  | { readonly _tag: "Gap" }

/**
 * The store of grants: what a backend gives, and no more.
 *
 * **Details**
 *
 * Every method fails only with the reasons `StoreUnavailable` and
 * `RecordInvalid`, or `KeyUnavailable` where bodies are sealed. A method that
 * fails may have taken effect; a writer finds out by reading its write id. A
 * draft that is no record, as one with a duration that is not finite, is
 * `RecordInvalid`, and has no effect.
 * `TokenStoreContract` in `@effect-oauth/core/testing` holds the laws.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenStore extends Context.Service<TokenStore, {
  /**
   * What kind of store this is, for people: `"memory"`, `"file"`.
   */
  readonly name: string

  /**
   * `"sealed"` where bodies are sealed on their way into the store; otherwise
   * they are kept as they come.
   */
  readonly bodies?: "sealed" | undefined

  /**
   * Reads the record of a key.
   */
  readonly read: (key: GrantKey.GrantKey) => Effect.Effect<Reading, OAuthError>

  /**
   * Writes a record if the one that stands has the version `expected`;
   * `undefined` expects that there is none.
   */
  readonly write: (expected: string | undefined, draft: Grant.Draft) => Effect.Effect<Outcome, OAuthError>

  /**
   * Moves the lease of a standing claim (a heartbeat): `leaseFor` milliseconds
   * from the store's now. The version stays. Not accepted unless the record has
   * this version and a lease.
   */
  readonly extend: (
    key: GrantKey.GrantKey,
    options: { readonly version: string; readonly leaseFor: number }
  ) => Effect.Effect<Outcome, OAuthError>

  /**
   * Removes the record of a key if it has this version.
   */
  readonly remove: (key: GrantKey.GrantKey, version: string) => Effect.Effect<Outcome, OAuthError>

  /**
   * The records whose `dueAt` is before an instant of the store's clock, the
   * earliest first, by pages; `from` passes over those that are due earlier.
   */
  readonly due: (options: {
    readonly before: number
    readonly from?: number | undefined
    readonly limit: number
    readonly providers?: ReadonlyArray<string> | undefined
    readonly cursor?: string | undefined
  }) => Effect.Effect<Page, OAuthError>

  /**
   * All records that fit the filter, ordered by key, by pages.
   */
  readonly list: (options: {
    readonly limit: number
    readonly state?: Grant.State["_tag"] | undefined
    readonly provider?: string | undefined
    readonly account?: string | undefined
    readonly cursor?: string | undefined
  }) => Effect.Effect<Page, OAuthError>

  /**
   * Moves the record of a key out of the way if it has this version, whether it
   * can be read or not (`RecordInvalid` names the version). The key has no record
   * then; what was there is kept as it was, for a person to look at, and nothing
   * here ever removes it.
   */
  readonly setAside: (key: GrantKey.GrantKey, version: string) => Effect.Effect<Aside, OAuthError>

  /**
   * What happened to a grant, in that order: the notes of the writes that were
   * accepted, the last thirty or so. Removing a record forgets them.
   */
  readonly history: (key: GrantKey.GrantKey) => Effect.Effect<ReadonlyArray<GrantHistory.Entry>, OAuthError>

  /**
   * Notifications of changes, by whomever. A `Gap` comes first, once nothing can
   * be missed any more, and again whenever something may have been. A claim
   * (`Renewing`) need not be told of: it changes no token, and whoever does not
   * know of it is told when it claims in turn. Absent where the backend has none;
   * snapshots then live for `RefreshPolicy.maxStaleness`.
   */
  readonly changes?: Stream.Stream<Change> | undefined
}>()("@effect-oauth/core/TokenStore") {}

/**
 * Makes a store that lives and ends with this process.
 *
 * **When to use**
 *
 * Use it in tests, and for grants that may be asked for again after a restart.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory: Effect.Effect<TokenStore["Service"]> = /* @__PURE__ */ Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const changes = Broadcast.make<Change>({ first: { _tag: "Gap" } })
  const records = new Held.Records()
  const histories = new Map<string, Array<Held.Last>>()
  const aside: Array<Grant.Grant> = []
  let version = 0

  const outcome = (accepted: boolean, key: string): Outcome => ({
    now: clock.currentTimeMillisUnsafe(),
    accepted,
    grant: records.get(key)
  })
  const notify = (key: string, version?: string): void => {
    changes.tell({ _tag: "Changed", key, version })
  }
  // the newest is in the record itself
  const remember = (key: string, last: Held.Last | undefined): void => {
    if (last === undefined) return
    const before = histories.get(key)
    if (before === undefined) histories.set(key, [last])
    else if (before.push(last) > GrantHistory.limit) before.shift()
  }

  return TokenStore.of({
    name: "memory",
    changes: changes.stream,
    read: (key) => Effect.sync(() => ({ now: clock.currentTimeMillisUnsafe(), grant: records.get(key.id) })),
    write: (expected, draft) =>
      Effect.suspend(() => {
        if (!Grant.isFinite(draft)) return Effect.fail(notFinite())
        const before = records.peek(draft.key)
        if ((before && Held.version(before)) !== expected) return Effect.succeed(outcome(false, draft.key))
        const now = clock.currentTimeMillisUnsafe()
        const grant = Grant.stand(draft, { version: String(++version), now })
        if (before !== undefined) remember(draft.key, Held.last(before))
        records.set(grant)
        if (draft.state._tag !== "Renewing") notify(draft.key, grant.version)
        return Effect.succeed({ now, accepted: true, grant })
      }),
    extend: (key, { leaseFor, version }) =>
      Effect.sync(() => {
        const grant = records.get(key.id)
        if (grant?.version !== version || grant.leaseUntil === undefined) return outcome(false, key.id)
        records.set({ ...grant, leaseUntil: clock.currentTimeMillisUnsafe() + leaseFor })
        return outcome(true, key.id)
      }),
    remove: (key, version) =>
      Effect.sync(() => {
        if (records.get(key.id)?.version !== version) return outcome(false, key.id)
        records.delete(key.id)
        histories.delete(key.id)
        notify(key.id)
        return outcome(true, key.id)
      }),
    setAside: (key, version) =>
      Effect.sync(() => {
        const now = clock.currentTimeMillisUnsafe()
        const grant = records.get(key.id)
        if (grant?.version !== version) return { now, accepted: false }
        aside.push(grant)
        records.delete(key.id)
        histories.delete(key.id)
        notify(key.id)
        return { now, accepted: true, place: "memory" }
      }),
    due: (options) =>
      Effect.sync(() => selectDue(records.due(options.before), clock.currentTimeMillisUnsafe(), options)),
    list: (options) => Effect.sync(() => selectList(records.values(), clock.currentTimeMillisUnsafe(), options)),
    history: (key) =>
      Effect.sync(() => {
        const held = records.peek(key.id)
        if (held === undefined) return []
        const last = Held.last(held)
        const all = (histories.get(key.id) ?? []).concat(last === undefined ? [] : last)
        return GrantHistory.fromLines(all.map((each) => GrantHistory.toLine(each.note, each)).reverse())
      })
  })
})

/**
 * The page that `due` gives, chosen from all records.
 *
 * **When to use**
 *
 * Use it in a backend that has no index and looks at every record anyway.
 *
 * @category constructors
 * @since 0.1.0
 */
export const selectDue = (
  grants: Iterable<Grant.Grant>,
  now: number,
  { before, cursor, from = 0, limit, providers }: Parameters<TokenStore["Service"]["due"]>[0]
): Page =>
  page(
    Array.from(grants)
      .filter((grant) => grant.dueAt !== undefined && grant.dueAt < before && grant.dueAt >= from)
      .filter((grant) => providers === undefined || providers.includes(providerOf(grant.key))),
    { now, cursor, limit, cursorOf: dueCursor }
  )

/**
 * The page that `list` gives, chosen from all records.
 *
 * **When to use**
 *
 * Use it in a backend that has no index and looks at every record anyway.
 *
 * @category constructors
 * @since 0.1.0
 */
export const selectList = (
  grants: Iterable<Grant.Grant>,
  now: number,
  { account, cursor, limit, provider, state }: Parameters<TokenStore["Service"]["list"]>[0]
): Page =>
  page(
    Array.from(grants)
      .filter((grant) => state === undefined || grant.state._tag === state)
      .filter((grant) => provider === undefined || providerOf(grant.key) === provider)
      .filter((grant) => account === undefined || accountOf(grant.key) === account),
    { now, cursor, limit, cursorOf: (grant) => grant.key }
  )

/**
 * A store that lives and ends with this process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<TokenStore> = /* @__PURE__ */ Layer.effect(TokenStore, makeMemory)

const notFinite = (): OAuthError =>
  make(
    "TokenStore",
    "write",
    new RecordInvalid({ store: "memory", problem: "a duration is not finite", during: "write" })
  )

const page = (grants: ReadonlyArray<Grant.Grant>, options: {
  readonly now: number
  readonly limit: number
  readonly cursor: string | undefined
  readonly cursorOf: (grant: Grant.Grant) => string
}): Page => {
  const { cursor, cursorOf, limit, now } = options
  const rest = grants
    .filter((grant) => cursor === undefined || cursorOf(grant) > cursor)
    .sort((a, b) => compare(cursorOf(a), cursorOf(b)))
  const some = rest.slice(0, limit)
  const last = some.at(-1)
  return {
    now,
    heads: some.map(head),
    ...(last === undefined || rest.length <= limit ? {} : { cursor: cursorOf(last) })
  }
}

const head = ({ body: _, ...rest }: Grant.Grant): Head => rest

const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

// whole milliseconds: a fraction would be counted as digits
const dueCursor = (grant: Grant.Grant): string =>
  `${String(Math.floor(Math.max(0, grant.dueAt ?? 0))).padStart(16, "0")}|${grant.key}`

const field = (key: string, index: number): string => decodeURIComponent(key.split("|")[index] ?? "")

const providerOf = (key: string): string => field(key, 0)

const accountOf = (key: string): string => field(key, 3)
