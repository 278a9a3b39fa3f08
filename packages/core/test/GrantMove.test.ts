import {
  EncryptedTokenStore,
  Grant,
  GrantKey,
  GrantMove,
  GrantSchema,
  Keyring,
  OAuthError,
  TokenStore
} from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { after, reasonOf, valueOf, World } from "./support/World.ts"

type Store = TokenStore.TokenStore["Service"]

describe("GrantMove", () => {
  it.effect("moves every grant whole, and leaves none behind", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      const before = yield* Effect.forEach(accounts, (account) => put(from, account))

      const progress = yield* move({ from, to })

      assert.deepStrictEqual(progress, accounts.map(() => "moved"))
      for (const grant of before) {
        assert.isUndefined(yield* read(from, grant.key))
        assert.deepStrictEqual(essence(yield* read(to, grant.key)), essence(grant))
      }
    }))

  it.effect("moves those of an account and leaves the others", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      yield* Effect.forEach(accounts, (account) => put(from, account))

      yield* move({ from, to, account: "eve" })

      assert.deepStrictEqual(yield* held(from), ["ada", "ida"])
      assert.deepStrictEqual(yield* held(to), ["eve"])
    }))

  it.effect("leaves the record where that is asked for, and nobody renews it there", () =>
    Effect.gen(function*() {
      const world = yield* World.make()
      const to = yield* TokenStore.makeMemory
      const process = yield* world.process()
      yield* world.login(process)

      yield* move({ from: world.memory, to, source: "keep" })
      const served = yield* after(process.service.token(world.key()))
      yield* TestClock.adjust("2 hours")
      const ended = yield* after(process.service.token(world.key()))

      assert.deepStrictEqual([valueOf(served), reasonOf(ended)], ["access-0", "RecordReadOnly"])
      assert.deepStrictEqual(world.presented, [])
    }))

  it.effect("notes in the history of the target where the grant came from", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      yield* put(from, "ada")

      yield* move({ from, to })

      const history = yield* to.history(keyOf("ada"))
      assert.deepStrictEqual(history.map(({ what, why }) => [what, why]), [["Moved", "memory"]])
    }))

  const states: ReadonlyArray<readonly [Grant.State, GrantMove.Left]> = [
    [{ _tag: "Renewing", holder: "h", presented: "p", startedAt: 0, settle: 0, attempt: 1 }, "Claimed"],
    [{ _tag: "Indeterminate", presented: "p", since: 0, attempt: 1 }, "Indeterminate"]
  ]
  for (const [state, left] of states) {
    it.effect(`leaves a grant whose newest pair may be with a process (${state._tag})`, () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const grant = yield* put(from, "ada", { state })

        const progress = yield* move({ from, to })

        assert.deepStrictEqual(progress, [left])
        assert.strictEqual((yield* read(from, grant.key))?.version, grant.version)
      }))
  }

  it.effect("leaves a grant where the target has another login's", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      const grant = yield* put(from, "ada")
      const other = yield* put(to, "ada", { lineage: "another" })

      const progress = yield* move({ from, to })

      assert.deepStrictEqual(progress, ["Occupied"])
      assert.strictEqual((yield* read(from, grant.key))?.version, grant.version)
      assert.strictEqual((yield* read(to, grant.key))?.version, other.version)
    }))

  it.effect("gives a grant back to its store when a login at the target comes first", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      yield* put(from, "ada")
      const late: Store = {
        ...to,
        // the login arrives after the look and before the copy
        write: (expected, draft) => Effect.andThen(put(to, "ada", { lineage: "another" }), to.write(expected, draft))
      }

      const progress = yield* move({ from, to: late })

      assert.deepStrictEqual(progress, ["Occupied"])
      assert.strictEqual((yield* read(from, keyOf("ada").id))?.installation, "default")
      assert.strictEqual((yield* read(to, keyOf("ada").id))?.lineage, "another")
    }))

  it.effect("does not take a grant to another target than the one that it is on its way to", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      const other = yield* TokenStore.makeMemory
      yield* put(from, "ada")
      yield* move({ from, to, name: "one", source: "keep" })

      const progress = yield* move({ from, to: other, name: "two" })

      assert.deepStrictEqual(progress, ["ElsewhereBound"])
      assert.deepStrictEqual(yield* held(other), [])
    }))

  it.effect("says when the target does not give back what it was given", () =>
    Effect.gen(function*() {
      const { from, to } = yield* stores
      yield* put(from, "ada")
      const forgetful: Store = {
        ...to,
        write: (expected, draft) => to.write(expected, { ...draft, body: { _tag: "Open", accessTokens: [] } })
      }

      const progress = yield* move({ from, to: forgetful })

      assert.deepStrictEqual(progress, ["Unverified"])
      assert.deepStrictEqual(yield* held(from), ["ada"])
    }))

  describe("broken off", () => {
    // the calls of a whole move of one grant, and before or after which of them it is killed
    const kills = Array.from({ length: 8 }, (_, call) => [`before call ${call + 1}`, `after call ${call + 1}`] as const)
    for (const kill of kills.flat()) {
      it.effect(`${kill}: loses nothing, lets no two stores renew, and goes on`, () =>
        Effect.gen(function*() {
          const old = yield* World.make()
          const fresh = new World({}, yield* TokenStore.makeMemory, yield* Effect.scope)
          const [at, before] = [Number(/\d+/.exec(kill)?.[0]), kill.startsWith("before")]
          yield* old.login(yield* old.process())
          const [first, second] = [yield* old.process({ notified: false }), yield* fresh.process({ notified: false })]
          yield* first.service.token(old.key())
          yield* TestClock.adjust("1 hour")
          const killed = killing([old.memory, fresh.memory], at, before)

          const exit = yield* Effect.exit(move({ from: killed[0], to: killed[1] }))

          // both would renew if both could
          const tried = [yield* after(first.service.token(old.key())), yield* after(second.service.token(old.key()))]
          const presented = [...old.presented, ...fresh.presented]
          assert.isAtMost(presented.length, 1, "presented twice")
          assert.isAtMost(tried.filter(Exit.isSuccess).length, 1)
          const kept = [yield* old.memory.read(old.key()), yield* fresh.memory.read(old.key())]
          const bodies = kept.flatMap(({ grant }) => grant === undefined ? [] : [Grant.refreshToken(grant)])
          assert.include(
            bodies.map((token) => token === undefined ? undefined : Redacted.value(token)),
            presented.length === 0 ? "refresh-0" : "refresh-1"
          )

          const progress = yield* move({ from: old.memory, to: fresh.memory })
          const moved = yield* after(second.service.token(old.key()))

          assert.notInclude(progress.map((result) => result === "moved"), false)
          assert.isUndefined((yield* old.memory.read(old.key())).grant)
          assert.isTrue(Exit.isSuccess(moved))
          // a pair was presented once by whoever could renew it
          assert.strictEqual(
            new Set([...old.presented, ...fresh.presented]).size,
            old.presented.length + fresh.presented.length
          )
          if (at <= 7) assert.isTrue(Exit.isFailure(exit), "nothing was killed")
        }))
    }

    it.effect("says that a grant is absent which was removed after it was listed", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const { key, version } = yield* put(from, "ada")
        const removing = {
          ...from,
          read: () => Effect.andThen(from.remove(keyOf("ada"), version), from.read(keyOf("ada")))
        }

        const progress = yield* move({ from: removing, to })

        assert.deepStrictEqual(progress, ["absent"])
        assert.isUndefined(yield* read(to, key))
      }))

    it.effect("says that a grant is absent which was removed before it could be claimed", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const { version } = yield* put(from, "ada")
        const removing: Store = {
          ...from,
          write: (expected, draft) => Effect.andThen(from.remove(keyOf("ada"), version), from.write(expected, draft))
        }

        assert.deepStrictEqual(yield* move({ from: removing, to }), ["absent"])
        assert.deepStrictEqual(yield* held(to), [])
      }))

    it.effect("does not bring back an older pair when the target has renewed in the meantime", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        yield* put(from, "ada")
        yield* move({ from, to, source: "keep" })
        const copy = yield* read(to, keyOf("ada").id)
        yield* to.write(copy?.version, { ...draft("ada"), serial: 2, body: body("refresh-2") })

        const progress = yield* move({ from, to })

        assert.deepStrictEqual(progress, ["moved"])
        assert.deepStrictEqual(essence(yield* read(to, keyOf("ada").id))?.serial, 2)
        assert.deepStrictEqual(yield* held(from), [])
      }))

    it.effect("is not undone by a holder that comes back with its pair", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const to = yield* TokenStore.makeMemory
        const process = yield* world.process()
        yield* world.login(process)
        const claim = { _tag: "Renewing", holder: "h", presented: "p", startedAt: 0, settle: 0, attempt: 1 } as const
        // a pair from before the store went back in time, in escrow
        const newest = { ...draft("ada"), key: world.key().id, lineage: "", serial: 9, body: body("newest") }
        const { grant } = yield* world.standing()
        if (grant === undefined) return assert.fail("nothing stands")
        world.deposits.push({
          expected: "gone",
          claim,
          grant: Grant.stand({ ...newest, lineage: grant.lineage }, { version: "gone", now: 0 })
        })
        yield* move({ from: world.memory, to, source: "keep" })

        yield* world.process({ escrow: true })

        const standing = (yield* world.standing()).grant
        assert.deepStrictEqual([standing?.serial, standing?.installation], [1, "moving/target/default"])
      }))
  })

  describe("of sealed grants", () => {
    it.effect("keeps no token in clear, unless that is said", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const opened = yield* sealing(from)
        yield* put(opened, "ada")

        const refused = yield* Effect.flip(move({ from: opened, to }))
        const none = yield* held(to)
        const progress = yield* move({ from: opened, to, unsealing: "allow" })

        assert.strictEqual(refused.reason._tag, "ConfigurationInvalid")
        assert.deepStrictEqual(none, [])
        assert.deepStrictEqual(progress, ["moved"])
        assert.strictEqual((yield* read(to, keyOf("ada").id))?.body._tag, "Open")
      }))

    it.effect("seals what was in clear where the target seals", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const sealed = yield* sealing(to)
        const grant = yield* put(from, "ada")

        yield* move({ from, to: sealed })

        assert.strictEqual((yield* read(to, keyOf("ada").id))?.body._tag, "Sealed")
        assert.deepStrictEqual(essence(yield* read(sealed, keyOf("ada").id)), essence(grant))
      }))

    it.effect("takes sealed bodies as they are, without a key", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        const grant = yield* put(yield* sealing(from), "ada")

        yield* move({ from, to })

        assert.deepStrictEqual(essence(yield* read(yield* sealing(to), keyOf("ada").id)), essence(grant))
      }))

    it.effect("does not seal twice", () =>
      Effect.gen(function*() {
        const { from, to } = yield* stores
        yield* put(yield* sealing(from), "ada")

        const progress = yield* move({ from, to: yield* sealing(to) })

        assert.deepStrictEqual(progress, ["Sealed"])
      }))
  })
})

const accounts = ["ada", "eve", "ida"]

const keyOf = (account: string) =>
  GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account })

const stores = Effect.gen(function*() {
  yield* TestClock.setTime(Date.UTC(2030, 0, 1))
  return { from: yield* TokenStore.makeMemory, to: yield* TokenStore.makeMemory }
})

const body = (refreshToken: string): Grant.Open => ({
  _tag: "Open",
  accessTokens: [{ target: "", value: Redacted.make("access"), type: "Bearer", issuedAt: 1, expiresAt: 2 }],
  refreshToken: Redacted.make(refreshToken)
})

const draft = (account: string): Grant.Draft => ({
  format: Grant.format,
  key: keyOf(account).id,
  state: { _tag: "Active", failures: 2 },
  writeId: "write",
  lineage: `lineage-${account}`,
  serial: 1,
  authorizedAt: 5,
  installation: "default",
  body: body(`refresh-of-${account}`),
  dueIn: 1000,
  retryIn: 500
})

const put = (store: Store, account: string, changes?: Partial<Grant.Draft>) =>
  Effect.map(
    store.write(undefined, { ...draft(account), ...changes }),
    ({ grant }) => grant ?? assert.fail("nothing stands")
  )

const read = (store: Store, id: string) =>
  Effect.map(store.read(GrantKey.fromId(id) ?? assert.fail(id)), ({ grant }) => grant)

const held = (store: Store) =>
  Effect.map(store.list({ limit: 100 }), ({ heads }) => heads.map(({ key }) => GrantKey.fromId(key)?.account))

/** What must be the same in either store. */
const essence = (grant: Grant.Grant | undefined) => {
  if (grant === undefined) return undefined
  const { changedAt: _, last: __, version: ___, writeId: ____, ...rest } = grant
  return Result.getOrThrow(GrantSchema.encode({ ...rest, version: "", writeId: "" }))
}

const move = (options: Omit<GrantMove.Options, "name"> & { readonly name?: string }) =>
  GrantMove.run({ name: "target", ...options }).pipe(
    Stream.map(({ result }) => result),
    Stream.runCollect,
    Effect.provide(TestCrypto.layer({ seed: 7 }))
  )

const sealing = (store: Store) =>
  EncryptedTokenStore.make().pipe(
    Effect.map(({ tokenStore }) => tokenStore),
    Effect.provide(Layer.mergeAll(
      Layer.succeed(TokenStore.TokenStore, store),
      Keyring.layer({ current: "a", keys: { a: Redacted.make("A".repeat(43)) } }),
      TestCrypto.layer({ seed: 8 })
    ))
  )

/** Two stores whose calls are counted together: the `at`-th fails, before or after it took effect, and so do all later ones. */
const killing = (stores: readonly [Store, Store], at: number, before: boolean): readonly [Store, Store] => {
  let calls = 0
  const dead = Effect.fail(
    OAuthError.make("TokenStore", "call", new OAuthError.StoreUnavailable({ store: "memory", problem: "killed" }))
  )
  const counted = <A>(call: Effect.Effect<A, OAuthError.OAuthError>) =>
    Effect.suspend(() => {
      calls++
      if (calls > at || (calls === at && before)) return dead
      return calls === at ? Effect.andThen(call, dead) : call
    })
  const killed = (store: Store): Store => ({
    ...store,
    read: (key) => counted(store.read(key)),
    write: (expected, draft) => counted(store.write(expected, draft)),
    remove: (key, version) => counted(store.remove(key, version)),
    list: (options) => counted(store.list(options))
  })
  return [killed(stores[0]), killed(stores[1])]
}
