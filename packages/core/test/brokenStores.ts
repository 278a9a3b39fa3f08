/** Stores that keep grants wrongly, each in one way, and the laws that find them out. */
import { Grant, type GrantHistory, type GrantKey, type TokenStore } from "@effect-oauth/core"
import { Effect, Redacted, Stream } from "effect"

type Store = TokenStore.TokenStore["Service"]

interface Broken {
  /** Completes "a store that …". */
  readonly what: string
  readonly breaking: (store: Store) => Store
  /** Laws that it breaks; it may break others. */
  readonly laws: ReadonlyArray<string>
}

export const brokenStores: () => ReadonlyArray<Broken> = () => [
  ...wrongWriters,
  ...wrongLeases,
  ...wrongKeepers,
  ...wrongPages,
  ...wrongNews,
  ...wrongHistories,
  ...wrongAsides
]

const wrongAsides: ReadonlyArray<Broken> = [
  {
    what: "sets aside whatever the version",
    breaking: (store) => ({
      ...store,
      setAside: (key) => Effect.flatMap(reading(store, key), (grant) => store.setAside(key, grant?.version ?? ""))
    }),
    laws: ["sets nothing aside by another version, and nothing that is not there"]
  },
  {
    what: "says that it sets aside, and does not",
    breaking: (store) => ({ ...store, setAside: () => Effect.succeed({ now: 0, accepted: true, place: "here" }) }),
    laws: [
      "sets a record aside by its version, and takes another one in its place",
      "sets aside once, whoever asks, and as often as another record has come"
    ]
  },
  {
    what: "does not say where it sets aside",
    breaking: (store) => ({
      ...store,
      setAside: (key, version) => Effect.map(store.setAside(key, version), ({ accepted, now }) => ({ accepted, now }))
    }),
    laws: ["sets a record aside by its version, and takes another one in its place"]
  }
]

const wrongHistories: ReadonlyArray<Broken> = [
  {
    what: "shows its history backwards",
    breaking: (store) => ({
      ...store,
      history: (key) => Effect.map(store.history(key), (lines) => lines.toReversed())
    }),
    laws: ["keeps what the writers say, in that order"]
  },
  {
    what: "remembers the last note only",
    breaking: (store) => ({ ...store, history: (key) => Effect.map(store.history(key), (lines) => lines.slice(-1)) }),
    laws: ["keeps at least the last sixteen notes, however long, and no more than it may"]
  },
  {
    what: "remembers the first notes and not the last",
    breaking: (store) => {
      const first = new Map<string, ReadonlyArray<GrantHistory.Entry>>()
      return {
        ...store,
        write: Effect.fnUntraced(function*(expected, draft) {
          const outcome = yield* store.write(expected, draft)
          const lines = yield* store.history(keyOf(draft))
          if ((first.get(draft.key)?.length ?? 0) < 20) first.set(draft.key, lines)
          return outcome
        }),
        history: (key) => Effect.succeed(first.get(key.id) ?? [])
      }
    },
    laws: [
      "keeps at least the last sixteen notes, however long, and no more than it may",
      "has no history of what is not there, nor of what was removed"
    ]
  },
  {
    what: "notes every write that it is asked for",
    breaking: (store) => {
      const asked: Array<{ readonly key: string; readonly by: string }> = []
      return {
        ...store,
        write: (expected, draft) => {
          asked.push({ key: draft.key, by: draft.note?.by ?? "?" })
          return store.write(expected, draft)
        },
        history: (key) =>
          Effect.succeed(
            asked.flatMap((line) => line.key === key.id ? [{ ...line, at: 1, serial: 0, what: "Authorized" }] : [])
          )
      }
    },
    laws: [
      "takes no note of a write that is not accepted, nor of one that says nothing",
      "tells when it took a note"
    ]
  },
  {
    what: "does not say when a record was written",
    breaking: (store) => editingRecords(({ changedAt: _, ...grant }) => grant)(store),
    laws: ["tells when a record was written, by its own clock"]
  },
  {
    what: "does not say what a write was",
    breaking: (store) => editingRecords(({ last: _, ...grant }) => grant)(store),
    laws: ["keeps a record that says what its write was whole"]
  }
]

const wrongWriters: ReadonlyArray<Broken> = [
  {
    what: "tells a winner the time to the fraction that it does not keep",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.map(store.write(expected, draft), (outcome) =>
          outcome.accepted && outcome.grant?.dueAt !== undefined
            ? { ...outcome, grant: { ...outcome.grant, dueAt: outcome.grant.dueAt + 0.5 } }
            : outcome)
    }),
    laws: ["tells a winner what is read afterwards, member by member"]
  },
  {
    what: "tells a winner nothing of its note",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.map(store.write(expected, draft), (outcome) => {
          if (!outcome.accepted || outcome.grant === undefined) return outcome
          const { last: _, ...grant } = outcome.grant
          return { ...outcome, grant }
        })
    }),
    laws: ["tells a winner what is read afterwards, member by member"]
  },
  {
    what: "shows a record where there is none",
    breaking: (store) => ({
      ...store,
      read: (key) =>
        Effect.map(store.read(key), ({ grant, now }) => ({
          now,
          grant: grant ?? Grant.stand(emptyDraft(key), { version: "0", now })
        }))
    }),
    laws: ["reads nothing where nothing was written"]
  },
  {
    what: "accepts writes and forgets them",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.map(store.read(keyOf(draft)), ({ grant, now }) =>
          grant?.version === expected
            ? { now, accepted: true, grant: Grant.stand(draft, { version: "1", now }) }
            : { now, accepted: false, grant })
    }),
    laws: [
      "creates a record where there is none, and gives it a version",
      "replaces the record whose version is expected"
    ]
  },
  {
    what: "ignores versions",
    breaking: (store) => ({
      ...store,
      write: (_, draft) => Effect.flatMap(store.read(keyOf(draft)), ({ grant }) => store.write(grant?.version, draft))
    }),
    laws: [
      "creates nothing where a record stands",
      "changes nothing by a write that expects another version, and returns what stands",
      "lets one of two writers win",
      "takes a record that was removed and written again for another one"
    ]
  },
  {
    what: "creates a record whatever version is expected",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.flatMap(
          store.read(keyOf(draft)),
          ({ grant }) => store.write(grant === undefined ? undefined : expected, draft)
        )
    }),
    laws: ["creates nothing by a write that expects a version where nothing stands"]
  },
  {
    what: "looks, waits, and then writes",
    breaking: (store) => ({
      ...store,
      write: Effect.fnUntraced(function*(expected, draft) {
        const before = yield* reading(store, keyOf(draft))
        yield* Effect.yieldNow
        if (before?.version !== expected) return yield* store.write("nothing", draft)
        return yield* store.write((yield* reading(store, keyOf(draft)))?.version, draft)
      })
    }),
    laws: ["lets one of two writers win", "lets one of twenty writers win, round after round"]
  },
  {
    what: "does not return what stands when a write is not accepted",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.map(
          store.write(expected, draft),
          (outcome) => outcome.accepted ? outcome : { ...outcome, grant: undefined }
        )
    }),
    laws: ["creates nothing where a record stands", "lets one of two writers win"]
  },
  {
    what: "keeps the first write id",
    breaking: (store) => {
      const ids = new Map<string, string>()
      return editingDrafts((draft) => {
        if (!ids.has(draft.key)) ids.set(draft.key, draft.writeId)
        return { ...draft, writeId: ids.get(draft.key) ?? "" }
      })(store)
    },
    laws: ["gives every write its id back"]
  },
  {
    what: "refuses a write while it is busy with another",
    breaking: (store) => {
      let busy = false
      return {
        ...store,
        write: Effect.fnUntraced(function*(expected, draft) {
          if (busy) return yield* store.write("nothing", draft)
          busy = true
          yield* Effect.yieldNow
          busy = false
          return yield* store.write(expected, draft)
        })
      }
    },
    laws: ["lets writers of different keys pass each other"]
  },
  {
    what: "counts versions from one again after a removal",
    breaking: (store) => {
      const removed = new Map<string, number>()
      const shown = (key: string, version: string) => String(Number(version) - (removed.get(key) ?? 0))
      const hidden = (key: string, version: string) => String(Number(version) + (removed.get(key) ?? 0))
      const showing = <A extends TokenStore.Reading>(key: string, found: A): A =>
        found.grant === undefined
          ? found
          : { ...found, grant: { ...found.grant, version: shown(key, found.grant.version) } }
      return {
        ...store,
        read: (key) => Effect.map(store.read(key), (found) => showing(key.id, found)),
        write: (expected, draft) =>
          Effect.map(
            store.write(expected === undefined ? undefined : hidden(draft.key, expected), draft),
            (outcome) => showing(draft.key, outcome)
          ),
        extend: (key, { leaseFor, version }) =>
          Effect.map(
            store.extend(key, { version: hidden(key.id, version), leaseFor }),
            (outcome) => showing(key.id, outcome)
          ),
        remove: (key, version) =>
          Effect.map(store.remove(key, hidden(key.id, version)), (outcome) => {
            if (outcome.accepted) removed.set(key.id, Number(hidden(key.id, version)))
            return showing(key.id, outcome)
          })
      }
    },
    laws: [
      "never gives a version twice for a key, also after a removal",
      "takes a record that was removed and written again for another one"
    ]
  },
  {
    what: "removes whatever the version",
    breaking: (store) => ({
      ...store,
      remove: (key) => Effect.flatMap(reading(store, key), (grant) => store.remove(key, grant?.version ?? ""))
    }),
    laws: ["removes a record only by its version"]
  },
  {
    what: "says that it removes, and does not",
    breaking: (store) => ({
      ...store,
      remove: (key) => Effect.map(store.read(key), ({ now }) => ({ now, accepted: true, grant: undefined }))
    }),
    laws: ["removes a record only by its version", "does not remove what is not there"]
  },
  {
    what: "looks, waits, and then removes",
    breaking: (store) => ({
      ...store,
      remove: Effect.fnUntraced(function*(key, version) {
        const before = yield* reading(store, key)
        if (before?.version !== version) return yield* store.remove(key, version)
        yield* Effect.yieldNow
        return yield* store.remove(key, (yield* reading(store, key))?.version ?? "")
      })
    }),
    laws: ["lets either a removal or a write win"]
  },
  {
    what: "has keys that are the same in either case",
    breaking: (store) => {
      const ids = new Map<string, string>()
      const first = (id: string): string => {
        const folded = id.toLowerCase()
        if (!ids.has(folded)) ids.set(folded, id)
        return ids.get(folded) ?? id
      }
      const folded = (key: GrantKey.GrantKey): GrantKey.GrantKey => ({ ...key, id: first(key.id) })
      return {
        ...store,
        read: (key) => store.read(folded(key)),
        write: (expected, draft) => store.write(expected, { ...draft, key: first(draft.key) }),
        remove: (key, version) => store.remove(folded(key), version),
        extend: (key, options) => store.extend(folded(key), options)
      }
    },
    laws: ["keeps apart keys that are easily taken for one another"]
  }
]

const wrongLeases: ReadonlyArray<Broken> = [
  {
    what: "takes durations for seconds",
    breaking: (store) =>
      editingDrafts((draft) => draft.leaseFor === undefined ? draft : { ...draft, leaseFor: draft.leaseFor * 1000 })(
        store
      ),
    laws: ["computes due, retry and lease instants by its own clock"]
  },
  {
    what: "keeps an old due instant",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        Effect.flatMap(store.read(keyOf(draft)), ({ grant, now }) =>
          store.write(
            expected,
            grant?.dueAt === undefined || draft.dueIn !== undefined ? draft : { ...draft, dueIn: grant.dueAt - now }
          ))
    }),
    laws: [
      "forgets the due, retry and lease instants that a write does not name",
      "shows nothing as due that is not"
    ]
  },
  {
    what: "extends whatever the version",
    breaking: (store) => ({
      ...store,
      extend: (key, { leaseFor }) =>
        Effect.flatMap(reading(store, key), (grant) => store.extend(key, { version: grant?.version ?? "", leaseFor }))
    }),
    laws: [
      "does not extend by another version",
      "takes a record that was removed and written again for another one"
    ]
  },
  {
    what: "extends by writing, which moves the version",
    breaking: (store) => ({
      ...store,
      extend: (key, { leaseFor, version }) =>
        Effect.flatMap(reading(store, key), (grant) =>
          grant?.leaseUntil === undefined
            ? store.extend(key, { version, leaseFor })
            : store.write(version, { ...Grant.draft(grant, { now: 0, writeId: grant.writeId }), leaseFor }))
    }),
    laws: [
      "extends a lease from its own now, to later and to earlier, and changes nothing else",
      "accepts the holder's write after and during heartbeats, and no heartbeat after it"
    ]
  },
  {
    what: "never lets a lease end earlier",
    breaking: (store) => ({
      ...store,
      extend: (key, { leaseFor, version }) =>
        Effect.flatMap(
          store.read(key),
          ({ grant, now }) =>
            store.extend(key, { version, leaseFor: Math.max(leaseFor, (grant?.leaseUntil ?? now) - now) })
        )
    }),
    laws: ["extends a lease from its own now, to later and to earlier, and changes nothing else"]
  },
  {
    what: "extends no lease that has run out",
    breaking: (store) => ({
      ...store,
      extend: (key, options) =>
        Effect.flatMap(store.read(key), ({ grant, now }) =>
          grant?.leaseUntil !== undefined && grant.leaseUntil <= now
            ? Effect.succeed({ now, grant, accepted: false })
            : store.extend(key, options))
    }),
    laws: ["extends a lease that has run out, while nobody has claimed the record"]
  },
  {
    what: "extends what has no lease",
    breaking: (store) => ({
      ...store,
      extend: (key, options) =>
        Effect.map(store.extend(key, options), (outcome) =>
          outcome.grant?.leaseUntil === undefined
            ? { ...outcome, accepted: outcome.grant !== undefined }
            : outcome)
    }),
    laws: ["does not extend what has no lease, or is not there"]
  }
]

const wrongKeepers: ReadonlyArray<Broken> = [
  {
    what: "cuts durations that are not finite",
    breaking: (store) => ({
      ...store,
      write: (expected, { dueIn, leaseFor, retryIn, ...draft }) =>
        store.write(expected, { ...draft, ...cut({ dueIn, leaseFor, retryIn }) })
    }),
    laws: ["refuses a draft whose durations are not finite with RecordInvalid, and leaves what stands"]
  },
  {
    what: "writes JSON without asking whether it says what it should",
    breaking: (store) => ({
      ...store,
      write: (expected, draft) =>
        draft.body._tag === "Open" && draft.body.kept !== undefined
          ? store.write(expected, {
            ...draft,
            body: { ...draft.body, kept: JSON.parse(JSON.stringify(draft.body.kept)) }
          })
          : store.write(expected, draft)
    }),
    laws: [
      "keeps a draft whole or refuses it with RecordInvalid, also where it holds a number that JSON has no word for"
    ]
  },
  {
    what: "confuses the details of states",
    breaking: (store) => editingDrafts((draft) => ({ ...draft, state: confused(draft.state) }))(store),
    laws: [
      "an active record",
      "a record that is being renewed",
      "a record whose renewal has an unknown outcome",
      ...[
        "GrantRejected",
        "RotationLost",
        "IdentityMismatch",
        "NoRefreshToken",
        "RefreshTokenSpent",
        "RefreshTokenExpired",
        "Ended"
      ].map((why) => `a record that must be authorized again (${why})`),
      "a record that must be authorized again, with nothing said",
      "a revoked record (done)",
      "a revoked record (pending)",
      "a revoked record (unsupported)"
    ].map((record) => `keeps ${record} whole`)
  },
  {
    what: "forgets what the body keeps of the answers",
    breaking: (store) =>
      editingDrafts((draft) => {
        if (draft.body._tag === "Sealed") return draft
        const { kept: _, ...body } = draft.body
        return { ...draft, body }
      })(store),
    laws: ["keeps a record with everything in its body whole"]
  },
  {
    what: "writes that a token is redacted, and not the token",
    breaking: (store) =>
      editingDrafts((draft) =>
        draft.body._tag === "Sealed"
          ? draft
          : { ...draft, body: { ...draft.body, refreshToken: Redacted.make("<redacted>") } }
      )(store),
    laws: ["keeps a record with everything in its body whole", "keeps a record with an empty body whole"]
  },
  {
    what: "cannot hold a NUL character",
    breaking: (store) =>
      editingDrafts((draft) => ({ ...draft, lineage: draft.lineage.replaceAll("\u0000", "") }))(store),
    laws: ["keeps a record with awkward text in its head whole"]
  },
  {
    what: "cleans the id of an encryption key",
    breaking: (store) =>
      editingDrafts((draft) =>
        draft.body._tag === "Open"
          ? draft
          : { ...draft, body: { ...draft.body, keyId: draft.body.keyId.replaceAll(/\W/g, "") } }
      )(store),
    laws: ["keeps a sealed record whole"]
  },
  {
    what: "cuts a body at 64 kilobytes",
    breaking: (store) =>
      editingDrafts((draft) =>
        draft.body._tag === "Open"
          ? draft
          : { ...draft, body: { ...draft.body, ciphertext: draft.body.ciphertext.slice(0, 65_536) } }
      )(store),
    laws: ["keeps a record of 200 kilobytes whole"]
  },
  {
    what: "makes every record one of its own format",
    breaking: (store) => editingDrafts((draft) => ({ ...draft, format: 1 }))(store),
    laws: ["keeps a record of a newer format whole"]
  },
  {
    what: "hands out the record that it goes on changing",
    breaking: (store) => {
      const handed = new Map<string, Grant.Grant>()
      return {
        ...store,
        write: (expected, draft) =>
          Effect.map(store.write(expected, draft), (outcome) => {
            if (!outcome.accepted || outcome.grant === undefined) return outcome
            const record = Object.assign(handed.get(draft.key) ?? {}, outcome.grant)
            handed.set(draft.key, record)
            return { ...outcome, grant: record }
          })
      }
    },
    laws: ["gives back a record that nothing done to it afterwards changes"]
  },
  {
    what: "writes the head first and then the body",
    breaking: (store) => {
      let behind: Grant.Body | undefined
      return {
        ...store,
        read: (key) =>
          Effect.map(store.read(key), (found) =>
            behind === undefined || found.grant === undefined
              ? found
              : { ...found, grant: { ...found.grant, body: behind } }),
        write: Effect.fnUntraced(function*(expected, draft) {
          const before = yield* reading(store, keyOf(draft))
          const outcome = yield* store.write(expected, draft)
          behind = before?.body
          yield* Effect.yieldNow
          behind = undefined
          return outcome
        })
      }
    },
    laws: ["never shows half a record"]
  }
]

const wrongPages: ReadonlyArray<Broken> = [
  {
    what: "does not pass over what is due earlier",
    breaking: (store) => ({ ...store, due: ({ from: _, ...options }) => store.due(options) }),
    laws: ["shows what is due from an instant on, by pages, and passes over what is due earlier"]
  },
  {
    what: "shows as due what is due at that very instant",
    breaking: (store) => ({ ...store, due: (options) => store.due({ ...options, before: options.before + 1 }) }),
    laws: ["shows what is due before an instant, the earliest first"]
  },
  {
    what: "shows the latest first",
    breaking: (store) => ({
      ...store,
      due: (options) => Effect.map(store.due(options), (page) => ({ ...page, heads: page.heads.toReversed() }))
    }),
    laws: ["shows what is due before an instant, the earliest first"]
  },
  {
    what: "shows one record of those that are due at the same instant",
    breaking: (store) => ({
      ...store,
      due: (options) =>
        Effect.map(store.due(options), (page) => ({
          ...page,
          heads: page.heads.filter((head, i) => head.dueAt !== page.heads[i - 1]?.dueAt)
        }))
    }),
    laws: ["shows everything that is due once, 100 a page, also where instants are equal"]
  },
  {
    what: "ends after the first page",
    breaking: (store) => ({
      ...store,
      due: (options) => Effect.map(store.due(options), ({ cursor: _, ...page }) => page),
      list: (options) => Effect.map(store.list(options), ({ cursor: _, ...page }) => page)
    }),
    laws: [1, 2, 3].flatMap((limit) => [
      `shows everything that is due once, ${limit} a page, also where instants are equal`,
      `lists every record once, ordered by key, ${limit} a page`
    ])
  },
  {
    what: "gives more than a page holds",
    breaking: (store) => ({ ...store, list: (options) => store.list({ ...options, limit: options.limit + 1 }) }),
    laws: ["lists every record once, ordered by key, 2 a page"]
  },
  {
    what: "counts pages by offset",
    breaking: (store) => ({
      ...store,
      list: ({ cursor, limit, ...filter }) =>
        Effect.map(store.list({ ...filter, limit: 1_000_000 }), ({ heads, now }) => {
          const from = Number(cursor ?? 0)
          const to = from + limit
          return { now, heads: heads.slice(from, to), ...(to < heads.length ? { cursor: String(to) } : {}) }
        })
    }),
    laws: ["goes on from a cursor whose record has gone"]
  },
  {
    what: "takes an empty list of providers for no filter",
    breaking: (store) => ({
      ...store,
      due: (options) => store.due(options.providers?.length === 0 ? { ...options, providers: undefined } : options)
    }),
    laws: ["shows what is due of some providers, of all, or of none"]
  },
  {
    what: "orders its list as a dictionary does",
    breaking: (store) => ({
      ...store,
      list: (options) =>
        Effect.map(store.list(options), (page) => ({
          ...page,
          heads: page.heads.toSorted((a, b) => a.key.localeCompare(b.key, "en"))
        }))
    }),
    laws: ["lists every record once, ordered by key, 100 a page"]
  },
  {
    what: "takes an account's name for a pattern",
    breaking: (store) => ({
      ...store,
      list: ({ account, ...filter }) =>
        account === "ad_"
          ? Effect.map(store.list(filter), (page) => ({
            ...page,
            heads: page.heads.filter((head) => /\|ad.$/.test(head.key))
          }))
          : store.list({ account, ...filter })
    }),
    laws: ["takes an account's name letter by letter"]
  },
  {
    what: "ignores the state that it is to filter by",
    breaking: (store) => ({ ...store, list: ({ state: _, ...options }) => store.list(options) }),
    laws: [
      "lists by provider, by account and by state, and by all of them",
      "shows a record's state as it is now"
    ]
  },
  {
    what: "shows bodies in its pages",
    breaking: (store) => ({
      ...store,
      list: (options) =>
        Effect.map(store.list(options), (page) => ({
          ...page,
          heads: page.heads.map((head) => ({ ...head, body: { _tag: "Open", accessTokens: [] } }))
        }))
    }),
    laws: ["shows the whole head and nothing of the body"]
  }
]

const wrongNews: ReadonlyArray<Broken> = [
  {
    what: "announces nothing, and says that it does",
    breaking: (store) => ({ ...store, changes: Stream.never }),
    laws: [
      "announces writes, where it announces anything",
      "announces removals, where it announces anything"
    ]
  },
  {
    what: "does not announce removals",
    breaking: (store) => ({
      ...store,
      changes: Stream.filter(changesOf(store), (change) => change._tag === "Gap" || change.version !== undefined)
    }),
    laws: ["announces removals, where it announces anything"]
  },
  {
    what: "announces versions that never stood",
    breaking: (store) => ({
      ...store,
      changes: Stream.map(changesOf(store), (change) => change._tag === "Gap" ? change : { ...change, version: "x" })
    }),
    laws: ["announces nothing that did not happen"]
  }
]

/** A store whose records are edited before they are written. */
const editingRecords = (edit: (grant: Grant.Grant) => Grant.Grant) => (store: Store): Store => {
  const edited = <A extends TokenStore.Reading>(found: A): A =>
    found.grant === undefined ? found : { ...found, grant: edit(found.grant) }
  return {
    ...store,
    read: (key) => Effect.map(store.read(key), edited),
    write: (expected, draft) => Effect.map(store.write(expected, draft), edited),
    extend: (key, options) => Effect.map(store.extend(key, options), edited),
    remove: (key, version) => Effect.map(store.remove(key, version), edited)
  }
}

const editingDrafts = (edit: (draft: Grant.Draft) => Grant.Draft) => (store: Store): Store => ({
  ...store,
  write: (expected, draft) => store.write(expected, edit(draft))
})

const changesOf = (store: Store): Stream.Stream<TokenStore.Change> => store.changes ?? Stream.empty

const reading = (store: Store, key: GrantKey.GrantKey) =>
  Effect.map(Effect.orDie(store.read(key)), ({ grant }) => grant)

/** Stores look at the id of a key only. */
const keyOf = ({ key }: Grant.Draft): GrantKey.GrantKey => ({
  id: key,
  provider: "",
  issuer: "",
  client: "",
  account: ""
})

const emptyDraft = (key: GrantKey.GrantKey): Grant.Draft => ({
  format: 1,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "",
  lineage: "",
  serial: 0,
  installation: "",
  body: { _tag: "Open", accessTokens: [] }
})

const confused = (state: Grant.State): Grant.State => {
  switch (state._tag) {
    case "Active":
      return { ...state, failures: 0 }
    case "Renewing":
      return { ...state, startedAt: Math.round(state.startedAt / 1000) * 1000 }
    case "Indeterminate":
      return { ...state, attempt: 1 }
    case "ReauthorizationRequired":
      return { ...state, description: "" }
    case "Revoked":
      return { ...state, remote: state.remote === "done" ? "pending" : "done" }
  }
}

const cut = (durations: Pick<Grant.Draft, "dueIn" | "leaseFor" | "retryIn">) =>
  Object.fromEntries(
    Object.entries(durations).flatMap(([name, millis]) =>
      millis === undefined ? [] : [[name, Number.isFinite(millis) ? millis : 1_000] as const]
    )
  )
