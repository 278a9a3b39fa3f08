import { Grant, type GrantKey, OAuthError, TokenStore } from "@effect-oauth/core"
import { Contract, TokenStoreContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Stream } from "effect"
import { brokenStores } from "./brokenStores.ts"

type Store = TokenStore.TokenStore["Service"]

describe("TokenStore", () => {
  describe("layerMemory", () => {
    for (const law of TokenStoreContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, TokenStore.layerMemory))
    }
  })
})

describe("TokenStore.makeMemory", () => {
  it.effect("tells of what ends a claim, and not of the claim", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const told: Array<string | undefined> = []
      yield* Effect.forkChild(
        Stream.runForEach(store.changes ?? Stream.empty, (change) =>
          Effect.sync(() => {
            if (change._tag === "Changed") told.push(change.version)
          })),
        { startImmediately: true }
      )
      const first = yield* store.write(undefined, draft({ _tag: "Active", failures: 0 }))
      const claimed = yield* store.write(first.grant?.version, draft(claim))
      const last = yield* store.write(claimed.grant?.version, draft({ _tag: "Active", failures: 0 }))
      yield* Effect.yieldNow

      assert.isTrue(last.accepted)
      assert.deepStrictEqual(told, [first.grant?.version, last.grant?.version])
    }))
})

const claim: Grant.State = {
  _tag: "Renewing",
  holder: "h",
  presented: "p",
  startedAt: 0,
  settle: 1,
  attempt: 1
}

const draft = (state: Grant.State): Grant.Draft => ({
  key: "test|https%3A%2F%2Fas.test|client|ada",
  format: Grant.format,
  writeId: "w",
  lineage: "l",
  serial: 1,
  installation: "test",
  state,
  body: { _tag: "Open", accessTokens: [] }
})

describe("TokenStoreContract", () => {
  it("names every law once", () => {
    const names = TokenStoreContract.cases.map(({ name }) => name)

    assert.lengthOf(new Set(names), names.length)
  })

  it("has no law that no store breaks", () => {
    const breakable = new Set(brokenStores().flatMap(({ laws }) => laws))

    assert.deepStrictEqual(TokenStoreContract.cases.map(({ name }) => name).filter((name) => !breakable.has(name)), [])
  })

  it.effect("is kept by a store that announces nothing", () =>
    Effect.gen(function*() {
      const broken = yield* brokenLaws((store) => ({ ...store, changes: undefined }), TokenStoreContract.cases)

      assert.deepStrictEqual(broken, [])
    }))

  it.effect("lets a store's failure through as a failure", () =>
    Effect.gen(function*() {
      const failure = OAuthError.make(
        "TokenStore",
        "read",
        new OAuthError.StoreUnavailable({ store: "broken", problem: "ECONNREFUSED" })
      )
      const [law] = TokenStoreContract.cases
      if (law === undefined) return assert.fail("no law")

      const error = yield* Effect.flip(
        Effect.provide(law.run, layer((store) => ({ ...store, read: () => Effect.fail(failure) })))
      )

      assert.strictEqual(error, failure)
    }))

  describe("is broken by a store that", () => {
    for (const { breaking, laws, what } of brokenStores()) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const claimed = TokenStoreContract.cases.filter(({ name }) => laws.includes(name))

          assert.deepStrictEqual((yield* brokenLaws(breaking, claimed)).toSorted(), laws.toSorted())
        }))
    }
  })
})

describe("TokenStoreContract.unreadable", () => {
  const names = TokenStoreContract.unreadable(() => Effect.void).map(({ name }) => name)
  const [told, taken] = names

  const broken: ReadonlyArray<{
    readonly what: string
    readonly breaking: (store: Store) => Store
    readonly laws: ReadonlyArray<string | undefined>
  }> = [
    { what: "keeps them", breaking: (store) => store, laws: [] },
    {
      what: "does not tell the version",
      breaking: (store) => ({
        ...store,
        read: (key) => Effect.mapError(store.read(key), () => invalid(undefined))
      }),
      laws: [told, taken]
    },
    {
      what: "overwrites what cannot be read",
      breaking: (store) => ({
        ...store,
        write: (expected, draft) =>
          Effect.catch(
            store.write(expected, draft),
            ({ reason }) => store.write(reason._tag === "RecordInvalid" ? reason.version : expected, draft)
          )
      }),
      laws: [told]
    },
    {
      what: "sets aside by any version",
      breaking: (store) => ({
        ...store,
        setAside: (key) =>
          Effect.flatMap(
            Effect.flip(store.read(key)),
            ({ reason }) => store.setAside(key, reason._tag === "RecordInvalid" ? reason.version ?? "" : "")
          ).pipe(
            Effect.orElseSucceed(() => ({ now: 0, accepted: false }))
          )
      }),
      laws: [told]
    },
    {
      what: "cannot set aside what cannot be read",
      breaking: (store) => ({ ...store, setAside: () => Effect.succeed({ now: 0, accepted: false }) }),
      laws: [taken]
    }
  ]
  for (const { breaking, laws, what } of broken) {
    it.effect(`finds out whether a store ${what}`, () =>
      Effect.gen(function*() {
        const { damage, store } = damageable(yield* TokenStore.makeMemory)
        const kept: Array<string> = []
        for (const law of TokenStoreContract.unreadable(damage)) {
          const exit = yield* Effect.exit(Effect.provideService(law.run, TokenStore.TokenStore, breaking(store)))
          if (Exit.isSuccess(exit)) kept.push(law.name)
        }

        assert.deepStrictEqual(names.filter((name) => !kept.includes(name)), laws)
      }))
  }
})

const invalid = (version: string | undefined) =>
  OAuthError.make(
    "TokenStore",
    "read",
    new OAuthError.RecordInvalid({ store: "damaged", problem: "damaged", version })
  )

/** A store whose records can be damaged: what cannot be read is replaced only by its version. */
const damageable = (
  store: Store
): { readonly store: Store; readonly damage: (key: GrantKey.GrantKey) => Effect.Effect<void> } => {
  const damaged = new Map<string, string>()
  const guarded = <A>(key: string, expected: string | undefined, effect: Effect.Effect<A, OAuthError.OAuthError>) =>
    Effect.suspend(() => {
      const version = damaged.get(key)
      if (version !== undefined && version !== expected) return Effect.fail(invalid(version))
      damaged.delete(key)
      return effect
    })
  return {
    damage: (key) =>
      Effect.map(Effect.orDie(store.read(key)), ({ grant }) => void damaged.set(key.id, grant?.version ?? "")),
    store: {
      ...store,
      read: (key) => guarded(key.id, undefined, store.read(key)),
      write: (expected, draft) => guarded(draft.key, expected, store.write(expected, draft)),
      remove: (key, version) => guarded(key.id, version, store.remove(key, version)),
      setAside: (key, version) =>
        damaged.get(key.id) === version
          ? guarded(key.id, version, store.setAside(key, version))
          : store.setAside(key, version)
    }
  }
}

/** The laws that a store does not keep. */
const brokenLaws = Effect.fnUntraced(function*(
  breaking: (store: Store) => Store,
  laws: ReadonlyArray<Contract.Law<TokenStore.TokenStore>>
) {
  const names: Array<string> = []
  for (const law of laws) {
    const exit = yield* Effect.exit(Effect.provide(law.run, layer(breaking)))
    if (Exit.isSuccess(exit)) continue
    assert.instanceOf(Cause.squash(exit.cause), Contract.LawBroken, law.name)
    names.push(law.name)
  }
  return names
})

const layer = (breaking: (store: Store) => Store): Layer.Layer<TokenStore.TokenStore> =>
  Layer.effect(TokenStore.TokenStore, Effect.map(TokenStore.makeMemory, breaking))
