/**
 * Laws of a token store: versions, races and leases.
 *
 * It is long because a law is read together with the values that it is tried with.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Grant from "../../Grant.ts"
import type * as GrantKey from "../../GrantKey.ts"
import * as GrantSchema from "../../GrantSchema.ts"
import type { OAuthError } from "../../OAuthError.ts"
import { type Outcome, TokenStore } from "../../TokenStore.ts"
import type { Law } from "../Contract.ts"
import { ensure, same } from "./law.ts"
import * as Specimens from "./specimens.ts"

type Store = TokenStore["Service"]

/** A law about a store, tried with specimens of its own. */
export const law = (
  name: string,
  check: (store: Store, specimens: Specimens.Specimens) => Effect.Effect<void, OAuthError>
): Law<TokenStore> => ({
  name,
  run: Effect.flatMap(TokenStore, (store) => Effect.flatMap(Specimens.make, (specimens) => check(store, specimens)))
})

/** Writes and dies when the store does not accept. */
export const written = (
  store: Store,
  expected: string | undefined,
  draft: Grant.Draft
): Effect.Effect<Grant.Grant, OAuthError> =>
  Effect.flatMap(store.write(expected, draft), (outcome) =>
    outcome.accepted && outcome.grant !== undefined
      ? Effect.succeed(outcome.grant)
      : Effect.andThen(ensure(false, `a write that expects what stands (${expected}) is not accepted`), Effect.never))

/** The JSON of a record, or `undefined`; of what is no record, what is wrong with it. */
export const json = (grant: Grant.Grant | undefined): unknown =>
  grant === undefined ? undefined : Result.getOrElse(encode(grant), String)

const encode = Schema.encodeUnknownResult(GrantSchema.Grant)

/** Dies unless the record of a key is this one. */
export const stands = (
  store: Store,
  key: GrantKey.GrantKey,
  expected: Grant.Grant | undefined
): Effect.Effect<void, OAuthError> =>
  Effect.flatMap(store.read(key), ({ grant }) => same("the record that is read", json(grant), json(expected)))

const named = (grant: Grant.Grant | undefined): ReadonlyArray<string> => Object.keys(grant ?? {}).toSorted()

const refused = (outcome: Outcome, standing: Grant.Grant | undefined, what: string): Effect.Effect<void> =>
  Effect.andThen(
    ensure(!outcome.accepted, `${what} is accepted`),
    same(`the record that ${what} returns`, json(outcome.grant), json(standing))
  )

const isNoRecord = (outcome: Result.Result<Outcome, OAuthError>): boolean =>
  Result.isFailure(outcome) && outcome.failure.reason._tag === "RecordInvalid" &&
  outcome.failure.reason.during === "write"

const oneOf = (outcomes: ReadonlyArray<Outcome>, what: string): Effect.Effect<void> => {
  const winners = outcomes.filter(({ accepted }) => accepted)
  const [winner] = winners
  return Effect.andThen(
    ensure(winners.length === 1, `of ${outcomes.length} ${what}, ${winners.length} are accepted`),
    Effect.forEach(
      outcomes,
      ({ grant }) => same("the record that a loser is given", json(grant), json(winner?.grant)),
      { discard: true }
    )
  )
}

const between = (what: string, instant: number | undefined, from: number, to: number): Effect.Effect<void> =>
  ensure(
    instant !== undefined && instant >= from && instant <= to,
    `${what} is ${instant}; by the store's own now it is from ${from} to ${to}`
  )

const renewing = { _tag: "Renewing", holder: "h", presented: "d", startedAt: 1, settle: 1, attempt: 1 } as const

export const writeLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "reads nothing where nothing was written",
    Effect.fnUntraced(function*(store, { key }) {
      const reading = yield* store.read(key("nobody"))

      yield* same("the record of a new key", json(reading.grant), undefined)
      yield* ensure(Number.isFinite(reading.now), "the store's now is no number")
    })
  ),

  law(
    "creates a record where there is none, and gives it a version",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const proposed = draft(key("a"))

      const grant = yield* written(store, undefined, proposed)

      yield* ensure(grant.version !== "", "the version is empty")
      const { version, changedAt: now = -1 } = grant
      yield* same("the record", json(grant), json(Grant.stand(proposed, { version, now })))
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "refuses a draft whose durations are not finite with RecordInvalid, and leaves what stands",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const grant = yield* written(store, undefined, draft(key("a")))

      for (const member of ["dueIn", "retryIn", "leaseFor"] as const) {
        for (const millis of [Infinity, -Infinity, Number.NaN]) {
          const outcome = yield* Effect.result(store.write(grant.version, { ...draft(key("a")), [member]: millis }))
          yield* ensure(isNoRecord(outcome), `a draft whose ${member} is ${millis} is not refused with RecordInvalid`)
        }
      }
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "keeps a draft whole or refuses it with RecordInvalid, also where it holds a number that JSON has no word for",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const proposed = draft(key("a"), { body: { _tag: "Open", accessTokens: [], kept: { number: Infinity } } })

      const outcome = yield* Effect.result(store.write(undefined, proposed))

      const { grant } = yield* store.read(key("a"))
      if (Result.isSuccess(outcome)) {
        const { body } = grant ?? proposed
        yield* ensure(
          grant !== undefined && body._tag === "Open" && body.kept?.["number"] === Infinity,
          "a draft is accepted that is another when it is read"
        )
      } else {
        yield* ensure(isNoRecord(outcome), "a draft that cannot be written is not refused with RecordInvalid")
        yield* ensure(grant === undefined, "a draft that is refused is read")
      }
    })
  ),

  law(
    "creates nothing where a record stands",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const grant = yield* written(store, undefined, draft(key("a")))

      const outcome = yield* store.write(undefined, draft(key("a")))

      yield* refused(outcome, grant, "a write that expects no record")
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "replaces the record whose version is expected",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a")))

      const second = yield* written(store, first.version, draft(key("a"), { state: renewing }))

      yield* ensure(second.version !== first.version, "the version stays the same")
      yield* stands(store, key("a"), second)
    })
  ),

  law(
    "tells a winner what is read afterwards, member by member",
    Effect.fnUntraced(function*(store, { draft, key }) {
      let before: Grant.Grant | undefined
      for (const each of [{}, Specimens.everyInstant, {}, { ...Specimens.everyInstant, note: undefined }]) {
        const outcome = yield* store.write(before?.version, draft(key("a"), each))
        const { grant } = yield* store.read(key("a"))

        yield* ensure(outcome.accepted, "a write that expects what stands is not accepted")
        yield* same("what its winner is told", json(outcome.grant), json(grant))
        yield* same("members that hold nothing", named(outcome.grant), named(grant))
        before = grant
      }
    })
  ),

  law(
    "changes nothing by a write that expects another version, and returns what stands",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a")))
      const second = yield* written(store, first.version, draft(key("a")))

      for (const version of [first.version, `${second.version}0`, "", "nothing"]) {
        yield* refused(yield* store.write(version, draft(key("a"))), second, "a write that expects another version")
      }
      yield* stands(store, key("a"), second)
    })
  ),

  law(
    "creates nothing by a write that expects a version where nothing stands",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const outcome = yield* store.write("1", draft(key("a")))

      yield* refused(outcome, undefined, "a write that expects a version")
      yield* stands(store, key("a"), undefined)
    })
  ),

  law(
    "gives every write its id back",
    Effect.fnUntraced(function*(store, { draft, key }) {
      let version: string | undefined
      for (const writeId of ["w-1", "w-2", "w-3"]) {
        const grant = yield* written(store, version, draft(key("a"), { writeId }))
        yield* same("the write id", (yield* store.read(key("a"))).grant?.writeId, writeId)
        version = grant.version
      }
    })
  ),

  law(
    "lets one of two writers win",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const { version } = yield* written(store, undefined, draft(key("a")))

      const outcomes = yield* Effect.all(
        [store.write(version, draft(key("a"))), store.write(version, draft(key("a")))],
        { concurrency: "unbounded" }
      )

      yield* oneOf(outcomes, "writers who expect the same version")
    })
  ),

  law(
    "lets one of twenty writers win, round after round",
    Effect.fnUntraced(function*(store, { draft, key }) {
      let version: string | undefined
      for (let round = 0; round < 5; round++) {
        const expected = version
        const outcomes = yield* Effect.forEach(
          Array.from({ length: 20 }, () => draft(key("a"))),
          (proposed) => store.write(expected, proposed),
          { concurrency: "unbounded" }
        )
        yield* oneOf(outcomes, "writers who expect the same version")
        version = outcomes[0]?.grant?.version
      }
    })
  ),

  law(
    "lets writers of different keys pass each other",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const keys = Array.from({ length: 20 }, (_, i) => key(`account-${i}`))

      yield* Effect.forEach(keys, (each) => written(store, undefined, draft(each)), { concurrency: "unbounded" })

      for (const each of keys) {
        yield* same("the key of the record", (yield* store.read(each)).grant?.key, each.id)
      }
    })
  ),

  law(
    "keeps apart keys that are easily taken for one another",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const grants = yield* Effect.forEach(
        Specimens.awkwardAccounts,
        (account) => written(store, undefined, draft(key(account)))
      )

      for (const [i, account] of Specimens.awkwardAccounts.entries()) yield* stands(store, key(account), grants[i])
    })
  ),

  law(
    "removes a record only by its version",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a")))
      const second = yield* written(store, first.version, draft(key("a")))

      yield* refused(yield* store.remove(key("a"), first.version), second, "a removal by another version")
      yield* stands(store, key("a"), second)

      const outcome = yield* store.remove(key("a"), second.version)
      yield* ensure(outcome.accepted, "a removal by the version that stands is not accepted")
      yield* same("the record that a removal returns", json(outcome.grant), undefined)
      yield* stands(store, key("a"), undefined)
    })
  ),

  law(
    "does not remove what is not there",
    Effect.fnUntraced(function*(store, { key }) {
      yield* refused(yield* store.remove(key("a"), "1"), undefined, "a removal of nothing")
    })
  ),

  law(
    "never gives a version twice for a key, also after a removal",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const seen: Array<string> = []
      for (let life = 0; life < 3; life++) {
        let grant = yield* written(store, undefined, draft(key("a")))
        seen.push(grant.version)
        for (let i = 0; i < 3; i++) {
          grant = yield* written(store, grant.version, draft(key("a")))
          seen.push(grant.version)
        }
        yield* store.remove(key("a"), grant.version)
      }

      yield* ensure(new Set(seen).size === seen.length, `a version comes twice: ${seen.join(", ")}`)
    })
  ),

  law(
    "takes a record that was removed and written again for another one",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const before = yield* written(store, undefined, draft(key("a"), { leaseFor: 1000 }))
      yield* store.remove(key("a"), before.version)
      const after = yield* written(store, undefined, draft(key("a"), { leaseFor: 1000 }))

      yield* refused(
        yield* store.write(before.version, draft(key("a"))),
        after,
        "a write by a version of an earlier life"
      )
      yield* refused(
        yield* store.extend(key("a"), { version: before.version, leaseFor: 1 }),
        after,
        "an extension by a version of an earlier life"
      )
      yield* refused(yield* store.remove(key("a"), before.version), after, "a removal by a version of an earlier life")
    })
  ),

  law(
    "lets either a removal or a write win",
    Effect.fnUntraced(function*(store, { draft, key }) {
      for (let round = 0; round < 5; round++) {
        const { version } = yield* written(store, undefined, draft(key(`a-${round}`)))

        const outcomes = yield* Effect.all(
          [store.remove(key(`a-${round}`), version), store.write(version, draft(key(`a-${round}`)))],
          { concurrency: "unbounded" }
        )

        yield* oneOf(outcomes, "who remove and write by the same version")
      }
    })
  )
]

export const leaseLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "computes due, retry and lease instants by its own clock",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const { now: from } = yield* store.read(key("a"))
      const proposed = draft(key("a"), { state: renewing, dueIn: 3000, retryIn: 2000, leaseFor: 1000 })
      const { grant, now: to } = yield* store.write(undefined, proposed)

      yield* between("dueAt", grant?.dueAt, from + 3000, to + 3000)
      yield* between("retryAt", grant?.retryAt, from + 2000, to + 2000)
      yield* between("leaseUntil", grant?.leaseUntil, from + 1000, to + 1000)
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "forgets the due, retry and lease instants that a write does not name",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const claimed = draft(key("a"), { state: renewing, dueIn: 3000, retryIn: 2000, leaseFor: 1000 })
      const { version } = yield* written(store, undefined, claimed)

      const grant = yield* written(store, version, draft(key("a")))

      for (const field of ["dueAt", "retryAt", "leaseUntil"] as const) {
        yield* ensure(grant[field] === undefined, `${field} is ${grant[field]} after a write that does not name it`)
      }
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "extends a lease from its own now, to later and to earlier, and changes nothing else",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const proposed = draft(key("a"), { state: renewing, dueIn: 3000, retryIn: 2000, leaseFor: 1000 })
      const claimed = yield* written(store, undefined, proposed)

      for (const leaseFor of [60_000, 10, 0, 5000]) {
        const { now: from } = yield* store.read(key("a"))
        const { accepted, grant, now: to } = yield* store.extend(key("a"), { version: claimed.version, leaseFor })
        const leaseUntil = grant?.leaseUntil ?? -1

        yield* ensure(accepted, "an extension by the version that stands is not accepted")
        yield* between("leaseUntil", leaseUntil, from + leaseFor, to + leaseFor)
        yield* same("the record that an extension returns", json(grant), json({ ...claimed, leaseUntil }))
        yield* stands(store, key("a"), grant)
      }
    })
  ),

  law(
    "extends a lease that has run out, while nobody has claimed the record",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const { version } = yield* written(store, undefined, draft(key("a"), { state: renewing, leaseFor: 0 }))

      const { accepted } = yield* store.extend(key("a"), { version, leaseFor: 1000 })

      yield* ensure(accepted, "the holder's extension is not accepted")
    })
  ),

  law(
    "does not extend by another version",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a"), { state: renewing, leaseFor: 1000 }))
      const second = yield* written(store, first.version, draft(key("a"), { state: renewing, leaseFor: 1000 }))

      const outcome = yield* store.extend(key("a"), { version: first.version, leaseFor: 60_000 })

      yield* refused(outcome, second, "an extension by another version")
      yield* stands(store, key("a"), second)
    })
  ),

  law(
    "does not extend what has no lease, or is not there",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const grant = yield* written(store, undefined, draft(key("a")))

      const without = yield* store.extend(key("a"), { version: grant.version, leaseFor: 1000 })
      yield* refused(without, grant, "an extension where there is no lease")
      yield* stands(store, key("a"), grant)

      const absent = yield* store.extend(key("b"), { version: grant.version, leaseFor: 1000 })
      yield* refused(absent, undefined, "an extension where there is no record")
      yield* stands(store, key("b"), undefined)
    })
  ),

  law(
    "accepts the holder's write after and during heartbeats, and no heartbeat after it",
    Effect.fnUntraced(function*(store, { draft, key }) {
      for (let round = 0; round < 10; round++) {
        const account = key(`a-${round}`)
        const { version } = yield* written(store, undefined, draft(account, { state: renewing, leaseFor: 1000 }))
        yield* store.extend(account, { version, leaseFor: 2000 })

        const heartbeat = store.extend(account, { version, leaseFor: 60_000 })
        const [, committed] = yield* Effect.all([heartbeat, written(store, version, draft(account)), heartbeat], {
          concurrency: "unbounded"
        })

        yield* refused(yield* heartbeat, committed, "a heartbeat after the commit")
        yield* stands(store, account, committed)
      }
    })
  )
]
