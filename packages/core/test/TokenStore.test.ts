import { OAuthError, TokenStore } from "@effect-oauth/core"
import { Contract, TokenStoreContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer } from "effect"
import { brokenStores } from "./brokenStores.ts"

type Store = TokenStore.TokenStore["Service"]

describe("TokenStore", () => {
  describe("layerMemory", () => {
    for (const law of TokenStoreContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, TokenStore.layerMemory))
    }
  })
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
