/**
 * Pending authorizations in IndexedDB: a login leaves the page, and its answer
 * comes to another page of the origin.
 *
 * @since 0.1.0
 */
import * as AuthorizationRequest from "@effect-oauth/core/AuthorizationRequest"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as PendingAuthorizations from "@effect-oauth/core/PendingAuthorizations"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Database from "./internal/database.ts"

/**
 * Makes a keeper of pending authorizations in an IndexedDB database of this
 * origin.
 *
 * **Details**
 *
 * Taking is one transaction, exclusive over all tabs: of any number of takers,
 * one gets it. Those whose time is over are removed with the next `put`.
 *
 * **Gotchas**
 *
 * They hold code verifiers in clear. Put `EncryptedPendingAuthorizations` over
 * it, as `BrowserStorage` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
}): Effect.fn.Return<PendingAuthorizations.PendingAuthorizations["Service"], never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const database = yield* Database.make(options?.database)

  // passes by all that is kept, and removes what it is told to; tells how many
  const sweep = (removes: (entry: Result.Result<Entry, unknown>) => boolean, and: (store: IDBObjectStore) => void) =>
    database.transact("pending", "readwrite", (transaction) => {
      let removed = 0
      const store = transaction.objectStore("pending")
      const request = store.openCursor()
      request.addEventListener("success", () => {
        const cursor = request.result
        if (cursor === null) return and(store)
        if (removes(decode(cursor.value))) {
          cursor.delete()
          removed++
        }
        cursor.continue()
      })
      return () => removed
    })

  return PendingAuthorizations.PendingAuthorizations.of({
    put: Effect.fn("IndexedDbPendingAuthorizations.put")(function*(pending, timeToLive) {
      const now = clock.currentTimeMillisUnsafe()
      const entry = encode({ until: now + timeToLive, pending })
      yield* sweep(
        (entry) => Result.isFailure(entry) || entry.success.until <= now,
        (store) => store.put(entry, Redacted.value(pending.state))
      )
    }, failingIn("put")),
    take: Effect.fn("IndexedDbPendingAuthorizations.take")(function*(state) {
      const value = yield* database.transact("pending", "readwrite", (transaction) => {
        const store = transaction.objectStore("pending")
        const request = store.get(state)
        store.delete(state)
        return (): unknown => request.result
      })
      if (value === undefined) return Option.none()
      const entry = yield* Effect.mapError(Effect.fromResult(decode(value)), () => invalid)
      return entry.until > clock.currentTimeMillisUnsafe() ? Option.some(entry.pending) : Option.none()
    }, failingIn("take")),
    forget: Effect.fn("IndexedDbPendingAuthorizations.forget")(
      (account) =>
        sweep(
          (entry) => Result.isSuccess(entry) && PendingAuthorizations.isOf(entry.success.pending, account),
          () => {}
        ),
      failingIn("forget")
    )
  })
})

/**
 * Pending authorizations in an IndexedDB database of this origin; see
 * {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: {
  readonly database?: string | undefined
}): Layer.Layer<PendingAuthorizations.PendingAuthorizations> =>
  Layer.effect(PendingAuthorizations.PendingAuthorizations, make(options))

const Entry = Schema.Struct({
  /** Epoch milliseconds. */
  until: Schema.Finite,
  pending: AuthorizationRequest.PendingAuthorization
})

type Entry = typeof Entry.Type

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Entry))

const encode = Schema.encodeSync(Schema.fromJsonString(Entry))

const invalid = new OAuthError.RecordInvalid({ store: "indexeddb", problem: "a pending authorization cannot be read" })

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.StoreUnavailable | OAuthError.RecordInvalid) =>
    OAuthError.make("IndexedDbPendingAuthorizations", method, reason)
  )
