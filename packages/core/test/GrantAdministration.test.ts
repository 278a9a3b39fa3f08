import {
  type AuthorizationRequest,
  GrantAdministration,
  type GrantKey,
  OAuthError,
  PendingAuthorizations,
  TokenStore
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Layer, Option, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { after, notProcessed, type Process, reasonOf, refused, valueOf, World } from "./support/World.ts"

describe("GrantAdministration", () => {
  describe("list", () => {
    it.effect("gives every grant once, page by page", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* world.process()
        const names = Array.from({ length: 250 }, (_, index) => String(index).padStart(3, "0"))
        yield* Effect.forEach(names, (name) => service.adopt(world.key(name), world.tokens(0)))
        const pages: Array<number> = []
        const { list } = yield* administration(world, [], {
          list: (options) =>
            Effect.tap(world.memory.list(options), ({ heads }) => Effect.sync(() => pages.push(heads.length)))
        })

        const first = yield* Stream.runCollect(Stream.take(list(), 1))
        const read = pages.length
        const all = yield* Stream.runCollect(list())

        assert.deepStrictEqual([first.length, read], [1, 1])
        assert.deepStrictEqual(all.map(({ key }) => key.account), names)
        assert.isAtMost(Math.max(...pages), 100)
      }))

    it.effect("gives those of a state, with what happened last, and no token", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada", "eve"])
        yield* end(world, process, "eve")
        const { list } = yield* administration(world, [process])

        const listed = yield* Stream.runCollect(list({ state: "ReauthorizationRequired" }))

        assert.deepStrictEqual(listed.map(({ head, key }) => [key.account, head.last?.what, head.last?.why]), [
          ["eve", "Ended", "GrantRejected"]
        ])
        assert.notMatch(JSON.stringify(listed), /access-|refresh-/)
      }))
  })

  describe("restore", () => {
    it.effect("puts what a server ended by mistake back, and renews it", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada", "eve"])
        yield* Effect.forEach(["ada", "eve"], (account) => end(world, process, account))
        const { restore } = yield* administration(world, [process])

        const restored = yield* collected(restore({}))

        assert.deepStrictEqual(restored.map(({ key, result }) => [key.account, result]), [
          ["ada", "Renewed"],
          ["eve", "Renewed"]
        ])
        assert.deepStrictEqual(yield* states(world, ["ada", "eve"]), ["Active", "Active"])
        const history = yield* world.memory.history(world.key("ada"))
        assert.deepStrictEqual(history.map(({ what }) => what).slice(-3), ["Restored", "Claimed", "Renewed"])
      }))

    it.effect("leaves the end to the server's own answer", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada", "eve", "ida"])
        yield* Effect.forEach(["ada", "eve", "ida"], (account) => end(world, process, account))
        const { restore } = yield* administration(world, [process])
        world.answers.push(refused("invalid_grant"), notProcessed("1 minute"), "grant")

        const restored = yield* collected(restore({}))

        assert.deepStrictEqual(restored.map(({ reason, result }) => [result, reason?._tag]), [
          ["EndedAgain", "ReauthorizationRequired"],
          ["Pending", "ServerUnavailable"],
          ["Renewed", undefined]
        ])
        assert.deepStrictEqual(yield* states(world, ["ada", "eve", "ida"]), [
          "ReauthorizationRequired",
          "Active",
          "Active"
        ])
      }))

    it.effect("tries no more in a second than it is told", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: 0 })
        const names = Array.from({ length: 10 }, (_, index) => `a${index}`)
        const process = yield* loggedIn(world, names)
        yield* Effect.forEach(names, (account) => end(world, process, account))
        const { restore } = yield* administration(world, [process])
        world.presented.length = 0

        yield* Effect.forkChild(Stream.runDrain(restore({}, { perSecond: 2 })))
        yield* TestClock.adjust("1900 millis")

        assert.lengthOf(world.presented, 4)
      }))

    for (const perSecond of [0, -1, Number.NaN]) {
      it.effect(`refuses to try ${perSecond} in a second`, () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const process = yield* loggedIn(world, ["ada"])
          yield* end(world, process, "ada")
          const { restore } = yield* administration(world, [process])
          world.presented.length = 0

          const { reason } = yield* Effect.flip(Stream.runDrain(restore({}, { perSecond })))

          assert.deepInclude(reason, { _tag: "ConfigurationInvalid", field: "perSecond" })
          assert.lengthOf(world.presented, 0)
        }))
    }

    it.effect("shows beforehand which those are: of a reason, and of a span of time", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["before", "within", "later", "ended"])
        yield* end(world, process, "before")
        yield* TestClock.adjust("1 hour")
        const from = yield* DateTime.now
        yield* end(world, process, "within")
        yield* process.service.ended(world.key("ended"))
        yield* TestClock.adjust("1 hour")
        const until = yield* DateTime.now
        yield* end(world, process, "later")
        const { ended } = yield* administration(world, [process])

        const named = (filter: GrantAdministration.Ended) =>
          Effect.map(Stream.runCollect(ended(filter)), (found) => found.map(({ key }) => key.account))

        assert.deepStrictEqual(yield* named({ from, until }), ["within"])
        assert.deepStrictEqual(yield* named({ until }), ["before", "within"])
        assert.deepStrictEqual(yield* named({ why: ["Ended"] }), ["ended"])
        assert.deepStrictEqual(yield* named({ account: "later" }), ["later"])
        assert.deepStrictEqual(yield* states(world, ["within"]), ["ReauthorizationRequired"])
      }))

    it.effect("leaves what is of no client that it has", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada"])
        yield* end(world, process, "ada")
        const { restore } = yield* administration(world, [])

        const restored = yield* collected(restore({}))

        assert.deepStrictEqual(restored.map(({ result }) => result), ["NotRestored"])
        assert.deepStrictEqual(yield* states(world, ["ada"]), ["ReauthorizationRequired"])
      }))
  })

  describe("deleteAccount", () => {
    it.effect("revokes and removes every grant of the account, and leaves the others", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada", "eve"])
        yield* process.service.adopt(process.service.key("ada", "bot"), world.tokens(0))
        const { deleteAccount } = yield* administration(world, [process])

        const deletion = yield* deleteAccount("ada")

        assert.deepStrictEqual(deletion.grants.map((deleted) => [deleted._tag, deleted.key.part]), [
          ["Removed", undefined],
          ["Removed", "bot"]
        ])
        assert.isTrue(deletion.isComplete)
        assert.lengthOf(world.revoked, 2)
        assert.deepStrictEqual(yield* states(world, ["ada", "eve"]), [undefined, "Active"])
      }))

    it.effect("keeps what the server could not be told, revoked, and does the rest when asked again", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada"])
        const { deleteAccount } = yield* administration(world, [process])
        world.revocation = "unavailable"

        const first = yield* deleteAccount("ada")
        const between = yield* states(world, ["ada"])
        world.revocation = "done"
        const second = yield* deleteAccount("ada")
        const third = yield* deleteAccount("ada")

        assert.deepStrictEqual([first.isComplete, second.isComplete, third.isComplete], [false, true, true])
        assert.deepStrictEqual(between, ["Revoked"])
        assert.deepStrictEqual(yield* states(world, ["ada"]), [undefined])
        assert.deepStrictEqual(third.grants, [])
        assert.deepStrictEqual(world.revoked, ["refresh-0"])
      }))

    it.effect("ends the logins that are under way", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const pendings = yield* Effect.provide(PendingAuthorizations.PendingAuthorizations, memory)
        const { deleteAccount } = yield* Effect.provideService(
          administration(world, [yield* world.process()]),
          PendingAuthorizations.PendingAuthorizations,
          pendings
        )
        yield* pendings.put(pending("one", world.key("ada")), 60_000)
        yield* pendings.put(pending("two", world.key("eve")), 60_000)

        const { logins } = yield* deleteAccount("ada")

        assert.strictEqual(logins, 1)
        assert.isTrue(Option.isNone(yield* pendings.take("one")))
        assert.isTrue(Option.isSome(yield* pendings.take("two")))
      }))

    it.effect("revokes nothing of another installation's, and removes the copy", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world, ["ada"])
        const { deleteAccount } = yield* administration(world, [yield* world.process({ installation: "staging" })])

        const deletion = yield* deleteAccount("ada")

        assert.deepStrictEqual(deletion.grants.map((deleted) => "remote" in deleted ? deleted.remote : undefined), [
          "not-asked"
        ])
        assert.deepStrictEqual(world.revoked, [])
        assert.deepStrictEqual(yield* states(world, ["ada"]), [undefined])
      }))

    it.effect("says what it cannot do: a grant of no client that it has, and a record that cannot be read", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada", "eve"])
        const nobody = yield* administration(world, [])
        const damaged = yield* administration(world, [process], {
          list: (options) => Effect.map(world.memory.list(options), (page) => ({ ...page, heads: [] })),
          read: () => Effect.fail(OAuthError.make("TokenStore", "read", unreadable("1")))
        })

        const deletions = [yield* nobody.deleteAccount("ada"), yield* damaged.deleteAccount("eve")]

        assert.deepStrictEqual(deletions.map(({ isComplete }) => isComplete), [false, false])
        assert.deepStrictEqual(
          deletions.flatMap(({ grants }) => grants.map((deleted) => "reason" in deleted ? deleted.reason?._tag : "")),
          ["ConfigurationInvalid", "RecordInvalid"]
        )
      }))

    const failures = {
      RecordInvalid: () => unreadable("1"),
      StoreUnavailable: () => new OAuthError.StoreUnavailable({ store: "memory", problem: "ECONNRESET" })
    }
    for (const [name, reason] of Object.entries(failures)) {
      it.effect(`says once that a grant is left which cannot be read, in a list or not (${name})`, () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const process = yield* loggedIn(world, ["ada"])
          const read = () => Effect.fail(OAuthError.make("TokenStore", "read", reason()))
          const service = { ...process.service, revoke: read }
          const inList = yield* administration(world, [{ ...process, service }], { read })
          const inNone = yield* administration(world, [process], {
            read,
            list: (options) => Effect.map(world.memory.list(options), (page) => ({ ...page, heads: [] }))
          })

          const deletions = [yield* inList.deleteAccount("ada"), yield* inNone.deleteAccount("ada")]

          for (const { grants, isComplete } of deletions) {
            assert.deepStrictEqual(grants.map(({ _tag }) => _tag), ["Pending"])
            assert.isFalse(isComplete)
          }
        }))
    }
  })

  describe("setAside", () => {
    it.effect("moves a record out of the way that cannot be read, and no other", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada"])
        const version = (yield* world.standing()).grant?.version ?? ""
        const readable = yield* administration(world, [process])
        const damaged = yield* administration(world, [process], {
          read: () => Effect.fail(OAuthError.make("TokenStore", "read", unreadable(version)))
        })

        const none = yield* readable.setAside(world.key())
        const kept = yield* states(world, ["ada"])
        const aside = yield* damaged.setAside(world.key())

        assert.isUndefined(none)
        assert.deepStrictEqual(kept, ["Active"])
        assert.deepStrictEqual([aside?.accepted, aside?.place], [true, "memory"])
        assert.deepStrictEqual(yield* states(world, ["ada"]), [undefined])
      }))
  })
})

describe("TokenService", () => {
  describe("restore", () => {
    it.effect("has a grant that ended renewed when it is next used, in every process", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world, ["ada"])
        const other = yield* world.process()
        yield* end(world, process, "ada")
        const before = yield* after(other.service.token(world.key()))

        const restored = yield* process.service.restore(world.key())
        yield* TestClock.adjust("1 hour")
        const token = yield* after(other.service.token(world.key()))

        assert.strictEqual(reasonOf(before), "ReauthorizationRequired")
        assert.isTrue(restored)
        assert.isTrue(Exit.isSuccess(token))
        assert.strictEqual(valueOf(token), "access-1")
      }))

    it.effect("does nothing to a grant that has not ended", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world, ["ada"])
        const { grant } = yield* world.standing()

        const restored = yield* service.restore(world.key())

        assert.isFalse(restored)
        assert.strictEqual((yield* world.standing()).grant?.version, grant?.version)
      }))

    it.effect("brings back nothing that was revoked, or has become somebody else's [I8]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world, ["ada", "eve"])
        world.revocation = "unavailable"
        yield* service.revoke(world.key("ada"))
        const { grant } = yield* world.memory.read(world.key("eve"))
        if (grant === undefined) return assert.fail("nothing stands")
        const { changedAt: _, last: __, version, ...rest } = grant
        yield* world.memory.write(version, {
          ...rest,
          state: { _tag: "ReauthorizationRequired", why: "IdentityMismatch", at: 0 }
        })

        const exits = [yield* after(service.restore(world.key("ada"))), yield* after(service.restore(world.key("eve")))]

        assert.deepStrictEqual(exits.map(reasonOf), ["ReauthorizationRequired", "ReauthorizationRequired"])
        assert.deepStrictEqual(yield* states(world, ["ada", "eve"]), ["Revoked", "ReauthorizationRequired"])
      }))
  })
})

const memory = PendingAuthorizations.layerMemory()

const administration = (
  world: World,
  processes: ReadonlyArray<Process>,
  changes?: Partial<TokenStore.TokenStore["Service"]>
) =>
  Effect.gen(function*() {
    const pendings = yield* Effect.serviceOption(PendingAuthorizations.PendingAuthorizations)
    return yield* GrantAdministration.make({ services: processes.map(({ service }) => service) }).pipe(
      Effect.provide(
        Option.match(pendings, {
          onNone: () => memory,
          onSome: (service) => Layer.succeed(PendingAuthorizations.PendingAuthorizations, service)
        })
      ),
      Effect.provideService(TokenStore.TokenStore, { ...world.memory, ...changes })
    )
  })

const loggedIn = (world: World, accounts: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const process = yield* world.process()
    yield* Effect.forEach(accounts, (account) =>
      Effect.flatMap(DateTime.now, (now) =>
        process.service.adopt(world.key(account), world.tokens(DateTime.toEpochMillis(now)))))
    return process
  })

/** The server ends a grant, by mistake. */
const end = (world: World, process: Process, account: string) =>
  Effect.suspend(() => {
    world.answers.push(refused("invalid_grant"))
    return after(process.service.refresh(world.key(account)))
  })

const states = (world: World, accounts: ReadonlyArray<string>) =>
  Effect.forEach(
    accounts,
    (account) => Effect.map(world.memory.read(world.key(account)), ({ grant }) => grant?.state._tag)
  )

const collected = <A, E>(stream: Stream.Stream<A, E>) =>
  Effect.flatMap(
    after(Stream.runCollect(stream), "1 minute"),
    (exit) => Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.die(exit.cause)
  )

const unreadable = (version: string) => new OAuthError.RecordInvalid({ store: "memory", problem: "damaged", version })

const pending = (state: string, { id }: GrantKey.GrantKey): AuthorizationRequest.PendingAuthorization => ({
  state: Redacted.make(state),
  key: id,
  issuerParameter: "optional",
  redirectUri: "https://client.test/callback",
  scopes: []
})
