/** What a process knows of grants: for how long it is believed, and when it is forgotten. */
import { Grant, Target, TokenStore } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { after, reasonOf, valueOf, World } from "./support/World.ts"

describe("a fresh token", () => {
  it.effect("is not looked at for a write of its own that the store speaks of before it answers", () =>
    Effect.gen(function*() {
      const world = yield* World.make()
      const process = yield* world.process({
        custody: Layer.effect(
          TokenStore.TokenStore,
          Effect.map(TokenStore.TokenStore, (store) => ({
            ...store,
            write: (expected, draft) => Effect.tap(store.write(expected, draft), () => Effect.sleep("100 millis"))
          }))
        )
      })
      yield* after(world.login(process))
      yield* TestClock.adjust("1 hour")
      yield* after(process.service.token(world.key()))
      world.reads = 0

      const exit = yield* after(process.service.token(world.key()))

      assert.strictEqual(valueOf(exit), "access-1")
      assert.strictEqual(world.reads, 0)
    }))

  it.effect("is looked at when the store spoke of another's write before it answered its own", () =>
    Effect.gen(function*() {
      const world = yield* World.make()
      const other = yield* world.process()
      let isPreceded = false
      const process = yield* world.process({
        custody: Layer.effect(
          TokenStore.TokenStore,
          Effect.map(TokenStore.TokenStore, (store) => ({
            ...store,
            write: (expected, draft) =>
              Effect.tap(
                store.write(expected, draft),
                () =>
                  isPreceded && draft.state._tag === "Active"
                    ? Effect.andThen(other.service.revoke(world.key()), Effect.sleep("100 millis"))
                    : Effect.void
              )
          }))
        )
      })
      yield* after(world.login(process))
      yield* TestClock.adjust("1 hour")
      isPreceded = true
      yield* after(process.service.token(world.key()))

      const exit = yield* after(process.service.token(world.key()))

      assert.strictEqual(valueOf(exit), "ReauthorizationRequired")
    }))
})

describe("a usable token that is due and was not looked at for maxStaleness", () => {
  it.effect("is served after a look, and waits for no renewal", () =>
    Effect.gen(function*() {
      const { b, world } = yield* silent({ latency: "20 seconds" })
      yield* TestClock.adjust("59.5 minutes")

      const exit = yield* after(b.service.token(world.key()), 0)
      yield* TestClock.adjust("1 second")

      assert.strictEqual(valueOf(exit), "access-0")
      assert.deepStrictEqual(world.presented, ["refresh-0"])
      yield* TestClock.adjust("30 seconds")
    }))

  it.effect("is looked at once, whoever asks", () =>
    Effect.gen(function*() {
      const { b, world } = yield* silent()
      yield* TestClock.adjust("59.5 minutes")
      world.reads = 0

      const calls = Array.from({ length: 100 }, () => b.service.token(world.key()))
      const exit = yield* after(Effect.all(calls, { concurrency: "unbounded" }), 0)
      yield* TestClock.adjust("5 seconds")

      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(world.reads, 1)
    }))

  it.effect("is not served when the grant was revoked elsewhere", () =>
    Effect.gen(function*() {
      const { a, b, world } = yield* silent({ latency: "20 seconds" })
      yield* TestClock.adjust("59.5 minutes")
      yield* a.service.revoke(world.key())

      const exit = yield* after(b.service.token(world.key()), 0)

      assert.strictEqual(reasonOf(exit), "ReauthorizationRequired")
    }))

  it.effect("is served while the store is away", () =>
    Effect.gen(function*() {
      const { b, world } = yield* silent()
      yield* TestClock.adjust("59.5 minutes")
      world.isStoreDown = true

      const exit = yield* after(b.service.token(world.key()), 0)

      assert.strictEqual(valueOf(exit), "access-0")
    }))

  it.effect("is written back when the store went back in time", () =>
    Effect.gen(function*() {
      const { b, world } = yield* silent()
      const { grant: old } = yield* world.standing()
      yield* after(b.service.refresh(world.key()))
      const { grant, now } = yield* world.standing()
      yield* world.memory.write(grant?.version, Grant.draft(old!, { now, writeId: "restored" }))
      yield* TestClock.adjust("1 minute")

      const exit = yield* after(b.service.token(world.key()))

      assert.strictEqual(valueOf(exit), "access-1")
      assert.strictEqual((yield* world.standing()).grant?.serial, 2)
      assert.include(b.events.map(({ _tag }) => _tag), "WrittenBack")
    }))
})

describe("a grant that is not used", () => {
  it.effect("is forgotten after forgetAfter, and read again", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ forgetAfter: "10 minutes" })
      yield* TestClock.adjust("21 minutes")
      world.reads = 0

      yield* b.service.token(world.key())

      assert.strictEqual(world.reads, 1)
    }))

  it.effect("is not forgotten while it is used now and then", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ forgetAfter: "10 minutes" })
      world.reads = 0

      for (let i = 0; i < 8; i++) {
        yield* TestClock.adjust("6 minutes")
        yield* b.service.token(world.key())
      }

      assert.strictEqual(world.reads, 0)
    }))

  it.effect("is not forgotten while only this process has its pair", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ forgetAfter: "10 minutes" })
      world.writes.push("pass", ...Array.from({ length: 2_000 }, () => "fail" as const))
      yield* after(b.service.refresh(world.key()))
      yield* TestClock.adjust("25 minutes")

      const exit = yield* after(b.service.token(world.key()), 0)

      assert.strictEqual(valueOf(exit), "access-1")
      assert.strictEqual((yield* world.standing()).grant?.serial, 1)
      world.writes.length = 0
      yield* TestClock.adjust("10 seconds")
    }))

  it.effect("is known again to whoever has held on to it", () =>
    Effect.gen(function*() {
      const { a, b, world } = yield* used({ forgetAfter: "10 minutes" })
      const bound = b.service.bind(world.key())
      yield* bound.token
      yield* TestClock.adjust("21 minutes")
      yield* after(a.service.refresh(world.key()))

      const renewed = yield* bound.token
      yield* a.service.revoke(world.key())
      yield* TestClock.adjust(0)
      const exit = yield* Effect.exit(bound.token)

      assert.strictEqual(Redacted.value(renewed.value), "access-1")
      assert.strictEqual(reasonOf(exit), "ReauthorizationRequired")
    }))

  it.effect("is renewed once for those who have held on to it and those who come by key", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ forgetAfter: "10 minutes" })
      const bound = b.service.bind(world.key())
      yield* bound.token
      yield* TestClock.adjust("2 hours")

      const exit = yield* after(
        Effect.all([b.service.token(world.key()), bound.token, b.service.bind(world.key()).token, bound.token], {
          concurrency: "unbounded"
        })
      )

      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(world.presented, ["refresh-0"])
    }))
})

describe("a grant with many targets", () => {
  it.effect("keeps 32 access tokens: the latest, and that of the whole grant", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ minInterval: "0 seconds" })
      for (const target of targets(50)) yield* after(b.service.token(world.key(), target))

      const { grant } = yield* world.standing()
      const held = grant?.body._tag === "Open" ? grant.body.accessTokens.map(({ target }) => target) : []

      assert.strictEqual(held.length, 32)
      assert.sameMembers(held, ["", ...targets(50).slice(-31).map(({ id }) => id)])
    }))

  it.effect("serves each of them all the same", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({ minInterval: "0 seconds" })
      const [first] = targets(50)
      const bound = b.service.bind(world.key(), first)
      yield* after(bound.token)
      for (const target of targets(50)) yield* after(b.service.token(world.key(), target))

      const exit = yield* after(bound.token)
      const again = yield* after(b.service.token(world.key(), first), 0)

      assert.strictEqual(valueOf(exit), "access-51")
      assert.strictEqual(valueOf(again), "access-51")
    }))

  it.effect("drops the tokens that have ended", () =>
    Effect.gen(function*() {
      const { b, world } = yield* used({})
      for (const target of targets(5)) yield* after(b.service.token(world.key(), target))
      yield* TestClock.adjust("3 hours")

      yield* after(b.service.token(world.key()))
      const { grant } = yield* world.standing()

      assert.deepStrictEqual(
        grant?.body._tag === "Open" ? grant.body.accessTokens.map(({ target }) => target) : [],
        [""]
      )
    }))
})

/** One process that has logged in, and another that knows of it and is told nothing. */
const silent = Effect.fnUntraced(function*(options?: ConstructorParameters<typeof World>[0]) {
  const world = yield* World.make(options)
  const a = yield* world.process()
  yield* world.login(a)
  const b = yield* world.process({ notified: false })
  yield* b.service.token(world.key())
  return { a, b, world }
})

/** One process that has logged in, and another that has used the grant. */
const used = Effect.fnUntraced(function*(policy: NonNullable<ConstructorParameters<typeof World>[0]["policy"]>) {
  const world = yield* World.make({ policy })
  const a = yield* world.process()
  yield* world.login(a)
  const b = yield* world.process()
  yield* b.service.token(world.key())
  return { a, b, world }
})

const targets = (count: number): ReadonlyArray<Target.Target> =>
  Array.from({ length: count }, (_, index) => Target.make({ resource: `https://api-${index}.test/` }))
