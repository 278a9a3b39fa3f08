/**
 * Laws of a token store: what is kept, what pages show, what is announced.
 *
 * It is long because a law is read together with the values that it is tried with.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Grant from "../../Grant.ts"
import * as GrantHistory from "../../GrantHistory.ts"
import * as GrantKey from "../../GrantKey.ts"
import type { OAuthError } from "../../OAuthError.ts"
import type { Change, Head, Page, TokenStore } from "../../TokenStore.ts"
import type { Law } from "../Contract.ts"
import { ensure, eventually, same } from "./law.ts"
import * as Specimens from "./specimens.ts"
import { json, law, stands, written } from "./storeWriteLaws.ts"

type Store = TokenStore["Service"]

export const historyLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "keeps what the writers say, in that order",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const notes: ReadonlyArray<GrantHistory.Note> = [
        { what: "Authorized", by: "node-1/a_b-C" },
        { what: "Claimed", by: "node-2", why: "Expiring" },
        { what: "SomethingNew", by: "node-2", why: "100%" }
      ]
      let version: string | undefined
      for (const [index, note] of notes.entries()) {
        version = (yield* written(store, version, draft(key("a"), { note, serial: index + 1 }))).version
      }

      const history = yield* store.history(key("a"))

      yield* same(
        "the history",
        history.map(({ at: _, ...entry }) => entry),
        notes.map((note, index) => ({ ...note, serial: index + 1 }))
      )
    })
  ),

  law(
    "tells when it took a note",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const grant = yield* written(store, undefined, draft(key("a"), { note: { what: "Authorized", by: "a" } }))

      const [entry] = yield* store.history(key("a"))

      yield* same("the instant", entry?.at, Math.floor(grant.changedAt ?? -1))
    })
  ),

  law(
    "takes no note of a write that is not accepted, nor of one that says nothing",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const note = (by: string): GrantHistory.Note => ({ what: "Renewed", by })
      const first = yield* written(store, undefined, draft(key("a"), { note: note("first") }))
      yield* store.write(undefined, draft(key("a"), { note: note("no one") }))
      yield* store.write("another", draft(key("a"), { note: note("no one") }))
      const second = yield* written(store, first.version, draft(key("a"), { leaseFor: 60_000 }))
      yield* store.extend(key("a"), { version: second.version, leaseFor: 120_000 })

      const history = yield* store.history(key("a"))

      yield* same("who is in the history", history.map(({ by }) => by), ["first"])
    })
  ),

  law(
    "keeps at least the last sixteen notes, however long, and no more than it may",
    Effect.fnUntraced(function*(store, { draft, key }) {
      let version: string | undefined
      for (let serial = 1; serial <= 40; serial++) {
        const note = { what: "W".repeat(60), by: `${serial}-${"b".repeat(60)}`, why: "w".repeat(60) }
        version = (yield* written(store, version, draft(key("a"), { note, serial }))).version
      }

      const serials = (yield* store.history(key("a"))).map(({ serial }) => serial)

      yield* ensure(serials.length >= 16, `${serials.length} are left`)
      yield* ensure(serials.length <= GrantHistory.limit, `${serials.length} are kept`)
      yield* same("what is left", serials, serials.map((_, index) => 41 - serials.length + index))
    })
  ),

  law(
    "has no history of what is not there, nor of what was removed",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const none = yield* store.history(key("a"))
      const first = yield* written(store, undefined, draft(key("a"), { note: { what: "Authorized", by: "first" } }))
      yield* store.remove(key("a"), first.version)
      const removed = yield* store.history(key("a"))
      yield* written(store, undefined, draft(key("a"), { note: { what: "Authorized", by: "second" } }))

      const history = yield* store.history(key("a"))

      yield* same("the history of what was never there", none, [])
      yield* same("the history of what was removed", removed, [])
      yield* same("who is in the history", history.map(({ by }) => by), ["second"])
    })
  )
]

export const asideLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "sets a record aside by its version, and takes another one in its place",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      const first = yield* written(store, undefined, draft(key("a"), { dueIn: 0, note: { what: "Renewed", by: "a" } }))

      const aside = yield* store.setAside(key("a"), first.version)

      yield* ensure(aside.accepted, "it is not accepted")
      yield* ensure(aside.place !== undefined && aside.place !== "", "nobody is told where it is")
      yield* stands(store, key("a"), undefined)
      yield* same("its history", yield* store.history(key("a")), [])
      yield* same("what is listed", (yield* store.list({ limit: 10, provider })).heads, [])
      yield* same("what is due", (yield* store.due({ limit: 10, before: 1e15, providers: [provider] })).heads, [])
      const late = yield* store.write(first.version, draft(key("a")))
      yield* ensure(!late.accepted, "a write that expects what was set aside is accepted")
      yield* stands(store, key("a"), yield* written(store, undefined, draft(key("a"))))
    })
  ),

  law(
    "sets nothing aside by another version, and nothing that is not there",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a")))
      const grant = yield* written(store, first.version, draft(key("a")))

      const old = yield* store.setAside(key("a"), first.version)
      const absent = yield* store.setAside(key("b"), first.version)

      yield* same("what is accepted", [old.accepted, absent.accepted], [false, false])
      yield* stands(store, key("a"), grant)
    })
  ),

  law(
    "sets aside once, whoever asks, and as often as another record has come",
    Effect.fnUntraced(function*(store, { draft, key }) {
      for (let round = 0; round < 3; round++) {
        const { version } = yield* written(store, undefined, draft(key("a")))

        const asked = Array.from({ length: 5 }, () => store.setAside(key("a"), version))
        const asides = yield* Effect.all(asked, { concurrency: "unbounded" })

        yield* same("how many are accepted", asides.filter(({ accepted }) => accepted).length, 1)
      }
    })
  )
]

/** Laws about a record that somebody has damaged. */
export const unreadableLaws = (
  damage: (key: GrantKey.GrantKey) => Effect.Effect<void>
): ReadonlyArray<Law<TokenStore>> => [
  law(
    "tells the version of a record that cannot be read, and leaves it as it is",
    Effect.fnUntraced(function*(store, { draft, key }) {
      yield* written(store, undefined, draft(key("a")))
      yield* damage(key("a"))

      const first = yield* unreadable(store, key("a"))
      yield* Effect.exit(store.write(undefined, draft(key("a"))))
      yield* Effect.exit(store.write("another", draft(key("a"))))
      yield* Effect.exit(store.remove(key("a"), "another"))
      const other = yield* store.setAside(key("a"), "another")

      yield* ensure(!other.accepted, "it is set aside by another version")
      yield* same("its version", yield* unreadable(store, key("a")), first)
    })
  ),

  law(
    "sets a record aside that cannot be read, and takes another one in its place",
    Effect.fnUntraced(function*(store, { draft, key }) {
      yield* written(store, undefined, draft(key("a")))
      yield* damage(key("a"))

      const aside = yield* store.setAside(key("a"), yield* unreadable(store, key("a")))

      yield* ensure(aside.accepted, "it is not accepted")
      yield* ensure(aside.place !== undefined && aside.place !== "", "nobody is told where it is")
      yield* stands(store, key("a"), yield* written(store, undefined, draft(key("a"))))
    })
  )
]

const unreadable = (store: Store, key: GrantKey.GrantKey): Effect.Effect<string> =>
  Effect.matchEffect(store.read(key), {
    onSuccess: () => Effect.andThen(ensure(false, "what was damaged is read"), Effect.never),
    onFailure: ({ reason }) =>
      reason._tag === "RecordInvalid" && reason.version !== undefined
        ? Effect.succeed(reason.version)
        : Effect.andThen(ensure(false, `it fails with ${reason._tag}, and no version`), Effect.never)
  })

export const recordLaws: ReadonlyArray<Law<TokenStore>> = [
  ...Specimens.records.map(({ changes, name }) =>
    law(
      `keeps ${name} whole`,
      Effect.fnUntraced(function*(store, { draft, key }) {
        const proposed = draft(key("a"), changes)

        const grant = yield* written(store, undefined, proposed)

        const { version, changedAt: now = -1 } = grant
        yield* same("the record", json(grant), json(Grant.stand(proposed, { version, now })))
        yield* stands(store, key("a"), grant)
      })
    )
  ),

  law(
    "tells when a record was written, by its own clock",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const { now: before } = yield* store.read(key("a"))

      const grant = yield* written(store, undefined, draft(key("a")))

      const { now: after } = yield* store.read(key("a"))
      const at = grant.changedAt ?? -1
      yield* ensure(at >= before && at <= after, `it was written at ${at}, between ${before} and ${after}`)
    })
  ),

  law(
    "gives back a record that nothing done to it afterwards changes",
    Effect.fnUntraced(function*(store, { draft, key }) {
      const first = yield* written(store, undefined, draft(key("a")))
      const copy = json(first)

      yield* written(store, first.version, draft(key("a"), { lineage: "lineage-2" }))

      yield* same("the record that was read before", json(first), copy)
    })
  ),

  law(
    "never shows half a record",
    Effect.fnUntraced(function*(store, { draft, key }) {
      // the same number in head and body: a reader who sees two has seen half of each
      const whole = (serial: number): Partial<Grant.Draft> => ({
        serial,
        body: { _tag: "Sealed", keyId: String(serial), ciphertext: String(serial).repeat(4000) }
      })
      const first = yield* written(store, undefined, draft(key("a"), whole(0)))

      const write = Effect.gen(function*() {
        let version = first.version
        for (let serial = 1; serial <= 50; serial++) {
          version = (yield* written(store, version, draft(key("a"), whole(serial)))).version
          yield* Effect.yieldNow
        }
      })
      const read = Effect.gen(function*() {
        const { grant } = yield* store.read(key("a"))
        const sealed = grant?.body._tag === "Sealed" ? grant.body : undefined
        yield* ensure(
          sealed?.keyId === String(grant?.serial) && sealed.ciphertext === sealed.keyId.repeat(4000),
          `a reader saw the head of ${grant?.serial} with the body of ${sealed?.keyId}`
        )
        yield* Effect.yieldNow
      })
      yield* Effect.raceAllFirst([write, Effect.forever(read), Effect.forever(read)])
    })
  )
]

const hour = 3_600_000

export const pageLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "shows what is due before an instant, the earliest first",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      for (const [account, dueIn] of [["c", 3], ["a", 1], ["d", 4], ["b", 2]] as const) {
        yield* written(store, undefined, draft(key(account), { dueIn: dueIn * hour }))
      }
      const { grant: last } = yield* store.read(key("d"))

      const { heads } = yield* store.due({ before: last?.dueAt ?? 0, limit: 10, providers: [provider] })

      yield* same("what is due", accounts(heads), ["a", "b", "c"])
    })
  ),

  law(
    "shows what is due from an instant on, by pages, and passes over what is due earlier",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      for (const [account, dueIn] of [["c", 3], ["a", 1], ["d", 4], ["b", 2]] as const) {
        yield* written(store, undefined, draft(key(account), { dueIn: dueIn * hour }))
      }
      const from = (yield* store.read(key("b"))).grant?.dueAt ?? 0

      for (const limit of [1, 10]) {
        const heads = yield* pages(limit, (cursor) => due(store, { from, limit, cursor, providers: [provider] }))

        yield* same("what is due", accounts(heads), ["b", "c", "d"])
      }
    })
  ),

  law(
    "shows nothing as due that is not",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      yield* written(store, undefined, draft(key("never")))
      const { version } = yield* written(store, undefined, draft(key("once"), { dueIn: 0 }))
      yield* written(store, version, draft(key("once")))
      const removed = yield* written(store, undefined, draft(key("removed"), { dueIn: 0 }))
      yield* store.remove(key("removed"), removed.version)

      const { heads } = yield* store.due({ before: farAway(removed), limit: 10, providers: [provider] })

      yield* same("what is due", accounts(heads), [])
    })
  ),

  ...([1, 2, 3, 100] as const).map((limit) =>
    law(
      `shows everything that is due once, ${limit} a page, also where instants are equal`,
      Effect.fnUntraced(function*(store, { draft, key, provider }) {
        const some = ["a", "b", "c", "d", "e", "f", "g"]
        for (const [i, account] of some.entries()) {
          yield* written(store, undefined, draft(key(account), { dueIn: i < 5 ? 1000 : 0 }))
        }

        const heads = yield* pages(limit, (cursor) => due(store, { limit, cursor, providers: [provider] }))

        yield* same("what is due", accounts(heads).sort(), some)
        yield* ensure(isSorted(heads.map(({ dueAt }) => dueAt ?? Infinity)), "the earliest is not first")
      })
    )
  ),

  law(
    "shows what is due of some providers, of all, or of none",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      const [one, two, three] = [`${provider}-1`, `${provider}-2`, `${provider}-3`]
      for (const each of [key("a", one), key("b", two), key("c", three)]) {
        yield* written(store, undefined, draft(each, { dueIn: 0 }))
      }
      const ours = (heads: ReadonlyArray<Head>) =>
        accounts(heads.filter((head) => head.key.startsWith(provider))).sort()

      const some = yield* pages(100, (cursor) => due(store, { limit: 100, cursor, providers: [one, three] }))
      yield* same("what is due of two providers", ours(some), ["a", "c"])

      const all = yield* pages(100, (cursor) => due(store, { limit: 100, cursor }))
      yield* same("what is due of all providers", ours(all), ["a", "b", "c"])

      const none = yield* due(store, { limit: 100, providers: [] })
      yield* same("what is due of no provider", ours(none.heads), [])
    })
  ),

  law(
    "goes on from a cursor whose record has gone",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      for (const [i, account] of ["a", "b", "c", "d"].entries()) {
        yield* written(store, undefined, draft(key(account), { dueIn: i }))
      }
      const firstDue = yield* due(store, { limit: 2, providers: [provider] })
      const firstListed = yield* store.list({ limit: 2, provider })
      const { grant } = yield* store.read(key("b"))
      yield* store.remove(key("b"), grant?.version ?? "")

      const restDue = yield* due(store, { limit: 2, providers: [provider], cursor: firstDue.cursor })
      const restListed = yield* store.list({ limit: 2, provider, cursor: firstListed.cursor })

      yield* same("the second page of what is due", accounts(restDue.heads), ["c", "d"])
      yield* same("the second page of a list", accounts(restListed.heads), ["c", "d"])
    })
  ),

  ...([1, 2, 3, 100] as const).map((limit) =>
    law(
      `lists every record once, ordered by key, ${limit} a page`,
      Effect.fnUntraced(function*(store, { draft, key, provider }) {
        const ids = Specimens.awkwardAccounts.map((account) => key(account).id)
        for (const account of Specimens.awkwardAccounts) yield* written(store, undefined, draft(key(account)))

        const heads = yield* pages(limit, (cursor) => store.list({ limit, provider, cursor }))

        yield* same("the keys", heads.map((head) => head.key), ids.sort())
      })
    )
  ),

  law(
    "lists by provider, by account and by state, and by all of them",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      const other = `${provider}-2`
      const revoked = { _tag: "Revoked", at: 1, remote: "done" } as const
      yield* written(store, undefined, draft(key("ada")))
      yield* written(store, undefined, draft(key("eve"), { state: revoked }))
      yield* written(store, undefined, draft(key("ada", other), { state: revoked }))
      const listed = (filter: Partial<Parameters<Store["list"]>[0]>) =>
        Effect.map(
          pages(100, (cursor) => store.list({ limit: 100, cursor, ...filter })),
          (heads) => heads.map((head) => head.key).filter((id) => id.startsWith(provider))
        )

      const [ada, eve, otherAda] = [key("ada").id, key("eve").id, key("ada", other).id]
      yield* same("the records of a provider", yield* listed({ provider }), [ada, eve])
      yield* same("the records of an account", yield* listed({ account: "ada" }), [otherAda, ada].sort())
      yield* same("the records in a state", yield* listed({ state: "Revoked" }), [otherAda, eve].sort())
      yield* same("by all three", yield* listed({ provider: other, account: "ada", state: "Revoked" }), [otherAda])
      yield* same("by all three, where none fits", yield* listed({ provider, account: "ada", state: "Revoked" }), [])
      yield* same("without a filter", yield* listed({}), [otherAda, ada, eve].sort())
    })
  ),

  law(
    "takes an account's name letter by letter",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      for (const account of Specimens.awkwardAccounts) yield* written(store, undefined, draft(key(account)))

      for (const account of Specimens.awkwardAccounts) {
        const { heads } = yield* store.list({ limit: 100, provider, account })
        yield* same(`the records of ${JSON.stringify(account).slice(0, 40)}`, heads.map((head) => head.key), [
          key(account).id
        ])
      }
    })
  ),

  law(
    "shows a record's state as it is now",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      const { version } = yield* written(store, undefined, draft(key("a")))
      yield* written(store, version, draft(key("a"), { state: { _tag: "Revoked", at: 1, remote: "done" } }))

      const active = yield* store.list({ limit: 10, provider, state: "Active" })
      const revoked = yield* store.list({ limit: 10, provider, state: "Revoked" })

      yield* same("the active records", active.heads.length, 0)
      yield* same("the revoked records", revoked.heads.length, 1)
    })
  ),

  law(
    "shows the whole head and nothing of the body",
    Effect.fnUntraced(function*(store, { draft, key, provider }) {
      const { version } = yield* written(
        store,
        undefined,
        draft(key("a"), {
          dueIn: 1000,
          retryIn: 2000,
          leaseFor: 3000,
          state: { _tag: "Renewing", holder: "h", presented: "d", startedAt: 1, settle: 2, attempt: 3 }
        })
      )
      const { grant } = yield* store.extend(key("a"), { version, leaseFor: 9000 })

      const listed = yield* store.list({ limit: 10, provider })
      const shown = yield* due(store, { limit: 10, providers: [provider] })

      for (const { heads } of [listed, shown]) {
        yield* same("the head", heads, grant === undefined ? [] : [withoutBody(grant)])
      }
    })
  )
]

export const changeLaws: ReadonlyArray<Law<TokenStore>> = [
  law(
    "announces writes, where it announces anything",
    announced(Effect.fnUntraced(function*(store, { draft, key }, seen) {
      const versions = new Set<string>()
      let version: string | undefined

      // the subscription may begin late, so there is something new to announce at every attempt
      const attempt = Effect.gen(function*() {
        const grant = yield* Effect.orDie(written(store, version, draft(key("a"))))
        versions.add(version = grant.version)
        return seen.some((change) =>
          change._tag === "Changed" && change.key === key("a").id && versions.has(change.version ?? "")
        )
      })
      yield* eventually(attempt, "a write is not announced")
    }))
  ),

  law(
    "announces removals, where it announces anything",
    announced(Effect.fnUntraced(function*(store, { draft, key }, seen) {
      const attempt = Effect.gen(function*() {
        const { version } = yield* Effect.orDie(written(store, undefined, draft(key("a"))))
        yield* Effect.orDie(store.remove(key("a"), version))
        return seen.some((change) =>
          change._tag === "Changed" && change.key === key("a").id && change.version === undefined
        )
      })
      yield* eventually(attempt, "a removal is not announced")
    }))
  ),

  law(
    "announces nothing that did not happen",
    announced(Effect.fnUntraced(function*(store, { draft, key }, seen) {
      const versions = new Set<string>()
      let version: string | undefined

      const attempt = Effect.gen(function*() {
        const grant = yield* Effect.orDie(written(store, version, draft(key("a"))))
        versions.add(version = grant.version)
        yield* Effect.orDie(store.write("nothing", draft(key("a"))))
        yield* Effect.orDie(store.write("nothing", draft(key("b"))))
        return versions.size >= 20
      })
      yield* eventually(attempt, "twenty writes take too long")

      for (const change of seen) {
        if (change._tag === "Gap") continue
        if (change.key === key("b").id) yield* ensure(false, "a write that was not accepted is announced")
        if (change.key === key("a").id) {
          yield* ensure(
            versions.has(change.version ?? ""),
            `the version ${change.version} is announced and never stood`
          )
        }
      }
    }))
  )
]

/** Collects what a store announces while a law runs; a store that announces nothing keeps every such law. */
function announced(
  check: (
    store: Store,
    specimens: Specimens.Specimens,
    seen: ReadonlyArray<Change>
  ) => Effect.Effect<void, OAuthError>
) {
  return (store: Store, specimens: Specimens.Specimens): Effect.Effect<void, OAuthError> =>
    Effect.suspend(() => {
      if (store.changes === undefined) return Effect.void
      const seen: Array<Change> = []
      const listen = Stream.runForEach(store.changes, (change) =>
        Effect.sync(() => {
          seen.push(change)
        }))
      return Effect.scoped(Effect.andThen(Effect.forkScoped(listen), check(store, specimens, seen)))
    })
}

/** An instant of the store's clock by which everything is due. */
const farAway = (grant: Grant.Grant): number => (grant.dueAt ?? 0) + 1_000_000_000

const due = Effect.fnUntraced(function*(
  store: Store,
  options: {
    readonly limit: number
    readonly from?: number | undefined
    readonly providers?: ReadonlyArray<string> | undefined
    readonly cursor?: string | undefined
  }
): Effect.fn.Return<Page, OAuthError> {
  const { now } = yield* store.due({ before: 0, limit: 1, providers: [] })
  return yield* store.due({ before: now + 1_000_000_000, ...options })
})

/** All pages, one after another. */
const pages = Effect.fnUntraced(function*(
  limit: number,
  page: (cursor: string | undefined) => Effect.Effect<Page, OAuthError>
): Effect.fn.Return<ReadonlyArray<Head>, OAuthError> {
  const all: Array<Head> = []
  let cursor: string | undefined
  for (let i = 0; i < 100_000; i++) {
    const { cursor: next, heads } = yield* page(cursor)
    yield* ensure(heads.length <= limit, `a page of at most ${limit} holds ${heads.length}`)
    all.push(...heads)
    if (next === undefined) return all
    yield* ensure(next !== cursor, "a page's cursor leads to itself")
    cursor = next
  }
  yield* ensure(false, "the pages have no end")
  return all
})

/** The accounts of heads, in their order. */
const accounts = (heads: ReadonlyArray<Head>): Array<string> =>
  heads.map((head) => GrantKey.fromId(head.key)?.account ?? "no account")

const isSorted = (numbers: ReadonlyArray<number>): boolean =>
  numbers.every((number, i) => i === 0 || (numbers[i - 1] ?? 0) <= number)

const withoutBody = (grant: Grant.Grant): Head => {
  const { body: _, ...head } = grant
  return head
}
