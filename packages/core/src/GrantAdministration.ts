/**
 * What operators do with grants: look, try again what a server has ended by
 * mistake, delete a person, move a broken record out of the way.
 *
 * Nothing here gives tokens out.
 *
 * It is long because what becomes of a grant is told by a type for each thing
 * that operators do.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Grant from "./Grant.ts"
import type * as GrantHistory from "./GrantHistory.ts"
import * as GrantKey from "./GrantKey.ts"
import * as OAuthError from "./OAuthError.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"
import type { TokenService } from "./TokenService.ts"
import { type Aside, type Head, TokenStore } from "./TokenStore.ts"

/**
 * Why a grant must be authorized again.
 *
 * @category models
 * @since 0.1.0
 */
export type EndedWhy = Grant.ReauthorizationRequired["why"]

/**
 * A grant in a list: its plain head, and the store's now.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listed {
  readonly key: GrantKey.GrantKey
  readonly head: Head
  readonly now: number
}

/**
 * What became of a grant that was tried again.
 *
 * - `Renewed`: it lives.
 * - `EndedAgain`: the server has said so once more.
 * - `Pending`: it is put back, and `reason` kept it from being renewed; it is
 *   tried again when it is used.
 * - `NotRestored`: it stays as it is, for `reason`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Restored {
  readonly key: GrantKey.GrantKey
  readonly why: EndedWhy
  readonly result: "EndedAgain" | "NotRestored" | "Pending" | "Renewed"
  readonly reason?: OAuthError.OAuthErrorReason | undefined
}

/**
 * What became of one grant of a person.
 *
 * - `Removed`: nothing of it is left; `remote` tells whether the server has ended
 *   it, cannot (`unsupported`), or was not asked: the grant is another
 *   installation's (a copy, or a grant that was moved).
 * - `Pending`: it is revoked here, where that was possible, and its record is kept
 *   until the server has been told; delete again.
 *
 * @category models
 * @since 0.1.0
 */
export type Deleted =
  | {
    readonly _tag: "Removed"
    readonly key: GrantKey.GrantKey
    readonly remote: "done" | "not-asked" | "unsupported"
  }
  | {
    readonly _tag: "Pending"
    readonly key: GrantKey.GrantKey
    /** Absent: it is revoked here, and the server could not be told. */
    readonly reason?: OAuthError.OAuthErrorReason | undefined
  }

/**
 * What became of everything that is known of a person.
 *
 * @category models
 * @since 0.1.0
 */
export interface Deletion {
  readonly grants: ReadonlyArray<Deleted>
  /** How many logins that were under way cannot be completed any more. */
  readonly logins: number
  /** Nothing is left to do. */
  readonly isComplete: boolean
}

/**
 * Which grants.
 *
 * @category options
 * @since 0.1.0
 */
export interface Filter {
  readonly state?: Grant.State["_tag"] | undefined
  readonly provider?: string | undefined
  readonly account?: string | undefined
}

/**
 * Which of the grants that must be authorized again.
 *
 * @category options
 * @since 0.1.0
 */
export interface Ended {
  readonly provider?: string | undefined
  readonly account?: string | undefined
  /** For what reason they ended; `GrantRejected` and `RotationLost`. */
  readonly why?: ReadonlyArray<EndedWhy> | undefined
  /** Ended at this instant of the store's clock, or later. */
  readonly from?: DateTime.Utc | undefined
  /** Ended before this instant of the store's clock. */
  readonly until?: DateTime.Utc | undefined
}

/**
 * The operators' hands on a store of grants, of any number of clients and
 * servers.
 *
 * @category services
 * @since 0.1.0
 */
export class GrantAdministration extends Context.Service<GrantAdministration, {
  /**
   * Grants by their heads, page by page as they are asked for.
   */
  readonly list: (filter?: Filter) => Stream.Stream<Listed, OAuthError.OAuthError>

  /**
   * What happened to a grant; see `TokenStore`.
   */
  readonly history: (
    key: GrantKey.GrantKey
  ) => Effect.Effect<ReadonlyArray<GrantHistory.Entry>, OAuthError.OAuthError>

  /**
   * The grants that `restore` would try.
   */
  readonly ended: (filter?: Ended) => Stream.Stream<Listed, OAuthError.OAuthError>

  /**
   * Tries grants again that must be authorized again: each is put back and
   * renewed once. Only the server's own refusal ends it again.
   */
  readonly restore: (
    filter: Ended,
    options?: {
      /** How many are tried in a second, above 0; 5. */
      readonly perSecond?: number | undefined
    }
  ) => Stream.Stream<Restored, OAuthError.OAuthError>

  /**
   * Deletes all that is known of a person: the grants of an account at every
   * server, for every client, and the logins that are under way. Each grant is
   * revoked, at its server too where that can be asked, and removed. Doing it
   * again does what was pending.
   */
  readonly deleteAccount: (account: string) => Effect.Effect<Deletion, OAuthError.OAuthError>

  /**
   * Moves a record out of the way that cannot be read. `undefined` where it can
   * be, or where there is none.
   */
  readonly setAside: (key: GrantKey.GrantKey) => Effect.Effect<Aside | undefined, OAuthError.OAuthError>
}>()("@effect-oauth/core/GrantAdministration") {}

/**
 * Makes it.
 *
 * **Details**
 *
 * `services` are the token services through which grants are renewed and revoked,
 * one for each client of each server. A grant of none of them can be listed, and
 * nothing else.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: {
  readonly services: ReadonlyArray<TokenService["Service"]>
}): Effect.fn.Return<GrantAdministration["Service"], never, PendingAuthorizations | TokenStore> {
  const store = yield* TokenStore
  const pendings = yield* PendingAuthorizations
  const { services } = options
  const serviceOf = (key: GrantKey.GrantKey) =>
    services.find((service) => service.key(key.account, key.part).id === key.id)

  const list = (filter?: Filter): Stream.Stream<Listed, OAuthError.OAuthError> =>
    Stream.paginate(
      undefined as string | undefined,
      Effect.fnUntraced(function*(cursor: string | undefined) {
        const page = yield* store.list({ ...filter, limit: pageSize, cursor })
        const listed = page.heads.flatMap((head): ReadonlyArray<Listed> => {
          const key = GrantKey.fromId(head.key)
          return key === undefined ? [] : [{ key, head, now: page.now }]
        })
        return [listed, Option.fromUndefinedOr(page.cursor)] as const
      })
    )

  const ended = ({ account, from, provider, until, why = restorable }: Ended = {}) =>
    Stream.filter(
      list({ state: "ReauthorizationRequired", account, provider }),
      ({ head: { state } }) =>
        state._tag === "ReauthorizationRequired" && why.includes(state.why) &&
        (from === undefined || state.at >= DateTime.toEpochMillis(from)) &&
        (until === undefined || state.at < DateTime.toEpochMillis(until))
    )

  const restore = Effect.fnUntraced(
    function*({ head, key }: Listed): Effect.fn.Return<Restored> {
      const why = head.state._tag === "ReauthorizationRequired" ? head.state.why : "Ended"
      const service = serviceOf(key)
      if (service === undefined) return { key, why, result: "NotRestored", reason: noService }
      const put = yield* Effect.result(service.restore(key))
      if (put._tag === "Failure") return { key, why, result: "NotRestored", reason: put.failure.reason }
      const renewed = yield* Effect.result(service.refresh(key))
      if (renewed._tag === "Success") return { key, why, result: "Renewed" }
      const { reason } = renewed.failure
      return { key, why, result: reason._tag === "ReauthorizationRequired" ? "EndedAgain" : "Pending", reason }
    }
  )

  const remove = Effect.fnUntraced(function*(key: GrantKey.GrantKey): Effect.fn.Return<Deleted> {
    const service = serviceOf(key)
    if (service === undefined) return { _tag: "Pending", key, reason: noService }
    const revoked = yield* Effect.result(service.revoke(key))
    if (revoked._tag === "Failure" && !isElsewhere(revoked.failure.reason)) {
      return { _tag: "Pending", key, reason: revoked.failure.reason }
    }
    const remote = revoked._tag === "Failure" ? "not-asked" : revoked.success
    if (remote === "pending") return { _tag: "Pending", key }
    const forgotten = yield* Effect.result(service.forget(key))
    return forgotten._tag === "Failure"
      ? { _tag: "Pending", key, reason: forgotten.failure.reason }
      : { _tag: "Removed", key, remote }
  })

  // what cannot be read may be in no list, and yet the person's
  const unread = (account: string, listed: ReadonlyArray<Listed>): Effect.Effect<ReadonlyArray<Deleted>> =>
    Effect.map(
      Effect.forEach(services, (service) => {
        const key = service.key(account)
        if (listed.some((grant) => grant.key.id === key.id)) return Effect.succeed([])
        return Effect.match(store.read(key), {
          onSuccess: (): ReadonlyArray<Deleted> => [],
          onFailure: ({ reason }): ReadonlyArray<Deleted> => [{ _tag: "Pending", key, reason }]
        })
      }),
      (found) => found.flat()
    )

  return GrantAdministration.of({
    list,
    ended,
    history: store.history,
    restore: (filter, { perSecond = 5 } = {}) =>
      perSecond > 0
        ? ended(filter).pipe(
          Stream.mapEffect((listed) => Effect.tap(restore(listed), Effect.sleep(Math.ceil(1000 / perSecond))))
        )
        : Stream.fail(OAuthError.make("GrantAdministration", "restore", noRate)),
    deleteAccount: Effect.fn("GrantAdministration.deleteAccount")(function*(account) {
      // first what could still become a grant
      const logins = yield* pendings.forget(account)
      const listed = yield* Stream.runCollect(list({ account }))
      const grants = [
        ...yield* Effect.forEach(listed, ({ key }) => remove(key)),
        ...yield* unread(account, listed)
      ]
      return { grants, logins, isComplete: grants.every(({ _tag }) => _tag === "Removed") }
    }),
    setAside: Effect.fn("GrantAdministration.setAside")((key) =>
      Effect.matchEffect(store.read(key), {
        onSuccess: () => Effect.undefined,
        onFailure: (error): Effect.Effect<Aside, OAuthError.OAuthError> =>
          error.reason._tag === "RecordInvalid" && error.reason.version !== undefined
            ? store.setAside(key, error.reason.version)
            : Effect.fail(error)
      })
    )
  })
})

/**
 * The operators' hands on the store in the context; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: {
  readonly services: ReadonlyArray<TokenService["Service"]>
}): Layer.Layer<GrantAdministration, never, PendingAuthorizations | TokenStore> =>
  Layer.effect(GrantAdministration, make(options))

const pageSize = 100

const restorable: ReadonlyArray<EndedWhy> = ["GrantRejected", "RotationLost"]

// a copy of another installation's grant, or one that is in another store by now: only what is here goes
const isElsewhere = (reason: OAuthError.OAuthErrorReason): boolean =>
  (reason._tag === "RecordReadOnly" && reason.why === "other-installation") ||
  (reason._tag === "ReauthorizationRequired" && reason.why === "Absent")

const noRate = new OAuthError.ConfigurationInvalid({ field: "perSecond", problem: "must be above 0" })

const noService = new OAuthError.ConfigurationInvalid({
  field: "services",
  problem: "has no client of this grant's"
})
