import {
  Grant,
  GrantKeeper,
  GrantKey,
  OAuthError,
  RotationPolicy,
  Target,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Metric, Option, Random, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import { after, notProcessed, notSent, type Process, valueOf, World } from "./support/World.ts"

describe("GrantKeeper", () => {
  describe("renews", () => {
    it.effect("an idle grant before its refresh token dies, as the server says it will", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ refreshLifetime: "14 days", policy: idleOnly })
        yield* kept(world, ["ada"], { interval: "1 hour" })

        yield* TestClock.adjust("10 days")
        const before = [...world.presented]
        yield* TestClock.adjust("4 days")

        assert.deepStrictEqual(before, [])
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("an idle grant for as long as the keeper runs", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ refreshLifetime: "14 days", policy: idleOnly })
        const { service } = yield* kept(world, ["ada"], { interval: "8 hours" })

        yield* TestClock.adjust("365 days")
        const exit = yield* after(service.token(world.key()))

        // every eleventh day, more or less
        assert.isAtLeast(world.presented.length, 26)
        assert.isAtMost(world.presented.length, 36)
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(new Set(world.presented).size, world.presented.length)
      }))

    it.effect("an idle grant before the idle lifetime that the provider declares", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          rotation: RotationPolicy.fixed,
          idleLifetime: "30 days",
          policy: idleOnly
        })
        yield* kept(world, ["ada"], { interval: "1 hour" })

        yield* TestClock.adjust("26 days")
        const before = world.presented.length
        yield* TestClock.adjust("4 days")
        const first = world.presented.length
        yield* TestClock.adjust("30 days")

        assert.deepStrictEqual([before, first, world.presented.length], [0, 1, 2])
      }))

    it.effect("a grant that was used lately before its access token ends", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* kept(world, ["ada"])

        yield* TestClock.adjust("1 hour")
        const token = yield* service.token(world.key())

        assert.strictEqual(Redacted.value(token.value), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("a grant for a day after its last use, and no longer", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* kept(world, ["ada"], { interval: "1 minute" })

        yield* TestClock.adjust("26 hours")
        const inTime = world.presented.length
        yield* TestClock.adjust("3 days")

        assert.isAtLeast(inTime, 23)
        assert.isAtMost(world.presented.length, 27)
      }))

    it.effect("a grant that this process goes on using for as long as it does", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { usedWithin: "3 hours" } })
        const { service } = yield* kept(world, ["ada"])
        const use = Effect.andThen(service.token(world.key()), TestClock.adjust("20 minutes"))

        for (let i = 0; i < 36; i++) yield* use
        const used = world.presented.length
        yield* TestClock.adjust("1 day")

        assert.isAtLeast(used, 11)
        assert.isAtMost(world.presented.length, used + 6)
      }))

    it.effect("everything, where the policy says so", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { usedWithin: Duration.infinity } })
        yield* kept(world, ["ada"], { interval: "1 minute" })

        yield* TestClock.adjust("100 hours")

        assert.isAtLeast(world.presented.length, 98)
      }))

    it.effect("nothing of which nobody knows when it dies, once it is not used", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: idleOnly })
        yield* kept(world, ["ada"], { interval: "8 hours" })

        yield* TestClock.adjust("300 days")

        assert.deepStrictEqual(world.presented, [])
      }))

    it.effect("no grant whose refresh token cannot be made to live longer over and over", () =>
      Effect.gen(function*() {
        // the server tells the lifetime at the login, and never moves the end
        const world = yield* World.make({
          rotation: RotationPolicy.fixed,
          refreshLifetime: "14 days",
          policy: idleOnly
        })
        yield* kept(world, ["ada"], { interval: "1 hour" })
        const fixed = world.tokens
        Object.assign(world, {
          tokens: (receivedAt: number) => {
            const { refreshToken: _, refreshTokenExpiresIn: __, ...rest } = fixed(receivedAt)
            return rest
          }
        })

        yield* TestClock.adjust("20 days")

        assert.isAtLeast(world.presented.length, 1)
        assert.isAtMost(world.presented.length, 12)
      }))

    it.effect("the access token of the target that ends first", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        yield* world.login(process)
        const target = Target.make({ resource: "https://api.test/" })
        yield* TestClock.adjust("30 minutes")
        yield* after(process.service.token(world.key(), target))
        const keeper = yield* keeperOf(process)

        yield* TestClock.adjust("29 minutes")
        yield* pass(keeper)
        const { grant } = yield* world.standing()

        assert.strictEqual(Redacted.value(Grant.accessToken(grant!, "")!.value), "access-2")
        assert.strictEqual(Redacted.value(Grant.accessToken(grant!, target.id)!.value), "access-1")
      }))
  })

  describe("passes over", () => {
    for (
      const [why, changes] of [
        ["OtherInstallation", { installation: "staging" }],
        ["NewerFormat", { format: Grant.format + 1 }],
        ["OtherClient", { key: GrantKey.make({ provider: "test", issuer: "i", client: "c", account: "a" }).id }],
        ["Resting", { retryIn: 60_000 }],
        [
          "Claimed",
          {
            leaseFor: 60_000,
            state: { _tag: "Renewing", holder: "h", presented: "p", startedAt: 0, settle: 1, attempt: 1 }
          }
        ]
      ] satisfies ReadonlyArray<readonly [GrantKeeper.PassedOver, Partial<Grant.Draft>]>
    ) {
      it.effect(`a grant without looking at it: ${why}`, () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const process = yield* world.process()
          yield* world.memory.write(undefined, { ...draft(world.key()), ...changes, dueIn: 0 })
          const keeper = yield* keeperOf(process)
          yield* TestClock.adjust("1 second")
          world.reads = 0

          const report = yield* pass(keeper)

          assert.deepStrictEqual(report.passedOver, { [why]: 1 })
          assert.deepStrictEqual([world.reads, world.writeLog, world.presented], [0, [], []])
        }))
    }

    it.effect("what is not due", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        yield* world.login(process)

        const report = yield* pass(yield* keeperOf(process))

        assert.deepStrictEqual([report.renewed, report.current, report.passedOver], [0, 0, {}])
      }))

    it.effect("a grant whose outcome is not known until it has rested, and presents its token then", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* kept(world, ["ada"])
        world.answers.push("lose")
        yield* TestClock.adjust("60 minutes")
        const lost = (yield* world.standing()).grant?.state._tag

        // lease, settle time and patience
        yield* TestClock.adjust("4 minutes")
        const early = [...world.presented]
        yield* TestClock.adjust("3 minutes")
        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(lost, "Indeterminate")
        assert.deepStrictEqual(early, ["refresh-0"])
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-0"])
        assert.strictEqual(valueOf(exit), "access-2")
      }))

    it.effect("nothing that is quarantined: its refresh token is presented after its rest", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* kept(world, ["ada"])
        world.answers.push({
          _tag: "Unusable",
          reason: new OAuthError.ResponseInvalid({ problem: "missing", field: "token_type" }),
          refreshToken: Redacted.make("refresh-quarantined")
        })

        yield* TestClock.adjust("62 minutes")

        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-quarantined"])
      }))
  })

  describe("is polite", () => {
    it.effect("has no more under way than it may", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "10 seconds" })
        const process = yield* world.process()
        for (const account of accounts(60)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { concurrency: 7, limit: plenty })
        yield* TestClock.adjust("59.5 minutes")

        const report = yield* pass(keeper, "2 minutes")

        assert.strictEqual(report.renewed, 60)
        assert.strictEqual(world.most, 7)
      }))

    it.effect("begins no more in a time than it may", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        for (const account of accounts(60)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { limit: { permits: 5, interval: "1 second" } })
        yield* TestClock.adjust("59.5 minutes")

        const fiber = yield* begun(keeper)
        const counts: Array<number> = []
        for (let i = 0; i < 4; i++) {
          yield* TestClock.adjust("2 seconds")
          counts.push(world.presented.length)
        }
        yield* TestClock.adjust("10 seconds")

        assert.deepStrictEqual(counts.map((count, i) => Math.abs(count - 10 * (i + 1)) <= 1), [true, true, true, true])
        assert.strictEqual((yield* Fiber.join(fiber)).renewed, 60)
      }))

    it.effect("keeps each tenant within its budget", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        for (const account of [...accounts(10, "a"), ...accounts(2, "b")]) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, {
          budget: { permits: 4, interval: "1 minute", of: (key) => key.account.slice(0, 1) }
        })
        yield* TestClock.adjust("59.5 minutes")

        const first = yield* pass(keeper)
        yield* TestClock.adjust("15 seconds")
        const second = yield* pass(keeper)
        yield* TestClock.adjust("1 minute")
        const third = yield* pass(keeper)

        assert.deepStrictEqual([first.renewed, first.passedOver], [6, { OverBudget: 6 }])
        assert.deepStrictEqual([second.renewed, second.passedOver], [1, { OverBudget: 5 }])
        assert.deepStrictEqual([third.renewed, third.passedOver], [4, { OverBudget: 1 }])
      }))

    it.effect("presents nothing before the server's Retry-After is over", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* kept(world, ["ada"])
        world.answers.push(notProcessed("10 minutes"))

        yield* TestClock.adjust("69 minutes")
        const before = [...world.presented]
        yield* TestClock.adjust("2 minutes")

        assert.deepStrictEqual(before, ["refresh-0"])
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-0"])
      }))

    it.effect("tries again once a grant that failed has rested, and waits for no lease that is over", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* kept(world, ["ada"])
        world.answers.push(notProcessed())

        yield* TestClock.adjust("59 minutes")
        while (world.presented.length === 0) yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("2 seconds")

        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-0"])
      }))

    it.effect("loses hardly any time to a server that refuses one request in ten", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "1 second" })
        const process = yield* world.process()
        for (const account of accounts(100)) yield* world.login(process, account)
        world.answers.push(...Array.from({ length: 120 }, (_, n) => n % 10 === 9 ? notProcessed() : "grant" as const))
        yield* Effect.forkScoped((yield* keeperOf(process, { concurrency: 10, limit: plenty })).run)
        yield* TestClock.adjust("59 minutes")

        let seconds = 0
        while (world.presented.length === 0) yield* TestClock.adjust("1 second")
        while (world.presented.length < 111 || world.underWay > 0) {
          yield* TestClock.adjust("500 millis")
          seconds += 0.5
        }

        // 111 requests, 10 at a time; the last has rested for 1 second and then for 2
        assert.isAtMost(seconds, 15 * 1.1)
      }))

    it.effect("tries again within an interval of its rest what failed early in a pass that takes long", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "10 seconds" })
        const process = yield* world.process()
        for (const account of accounts(60)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { concurrency: 1, interval: "2 minutes" })
        world.answers.push(notProcessed())
        yield* TestClock.adjust("59.5 minutes")

        const fiber = yield* begun(keeper)
        const states: Array<string> = []
        for (let look = 0; look < 2; look++) {
          yield* TestClock.adjust("3 minutes")
          const { heads } = yield* process.store.list({ limit: 100 })
          states.push(heads.some(({ state }) => state._tag === "Active" && state.failures > 0) ? "rests" : "is renewed")
        }
        yield* TestClock.adjust("10 minutes")
        const report = yield* Fiber.join(fiber)

        assert.deepStrictEqual(states, ["rests", "is renewed"])
        assert.deepStrictEqual([report.renewed, report.failed], [60, { ServerUnavailable: 1 }])
      }))

    it.effect("tries again while others are under way, before a pass ends", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "1 second" })
        const process = yield* world.process()
        for (const account of accounts(20)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { concurrency: 4, limit: plenty })
        world.answers.push(notProcessed(), "grant", notProcessed())
        yield* TestClock.adjust("59.5 minutes")

        const report = yield* pass(keeper, "10 seconds")

        assert.deepStrictEqual([report.renewed, report.failed], [20, { ServerUnavailable: 2 }])
      }))

    it.effect("ends a pass, however often what is due fails", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          latency: "1 second",
          policy: { breakerThreshold: 1_000_000, backOff: () => Duration.seconds(1) }
        })
        const process = yield* world.process()
        for (const account of accounts(20)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { concurrency: 4, limit: plenty })
        world.answers.push(...Array.from({ length: 10_000 }, () => notProcessed()))
        yield* TestClock.adjust("59.5 minutes")

        const fiber = yield* begun(keeper)
        yield* TestClock.adjust("30 seconds")

        assert.isDefined(fiber.pollUnsafe())
      }))

    it.effect("leaves a failing server alone for as long as the breaker does, and goes on after", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { breakerThreshold: 3, breakerRest: "5 minutes" } })
        const process = yield* world.process()
        for (const account of accounts(50)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process, { concurrency: 1 })
        world.answers.push(notProcessed(), notProcessed(), notProcessed())
        yield* TestClock.adjust("59.5 minutes")

        const report = yield* pass(keeper, "1 minute")
        const before = world.presented.length
        yield* Effect.forkScoped(keeper.run)
        yield* TestClock.adjust("3 minutes")
        const resting = world.presented.length
        yield* TestClock.adjust("5 minutes")

        const stopped = Option.getOrThrow(report.stopped)
        assert.strictEqual(stopped.why, "ServerUnavailable")
        assert.deepStrictEqual([before, resting], [3, 3])
        assert.strictEqual(world.presented.length, 53)
      }))
  })

  describe("is not stopped", () => {
    it.effect("by a grant that cannot be read or renewed", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        for (const account of accounts(9)) yield* world.login(process, account)
        const broken = world.key("account-4").id
        const keeper = yield* GrantKeeper.make().pipe(
          Effect.provideService(TokenStore.TokenStore, process.store),
          Effect.provideService(TokenService.TokenService, {
            ...process.service,
            keep: (key) =>
              key.id === broken
                ? Effect.fail(
                  OAuthError.make("T", "read", new OAuthError.RecordInvalid({ store: "memory", problem: "broken" }))
                )
                : process.service.keep(key)
          })
        )
        world.answers.push(notSent, notSent, notSent, notSent)
        yield* TestClock.adjust("59.5 minutes")

        const report = yield* pass(keeper, "1 minute")

        assert.strictEqual(report.renewed + (report.failed.RequestNotSent ?? 0), 8)
        assert.strictEqual(report.failed.RecordInvalid, 1)
        assert.deepStrictEqual(report.stopped, Option.none())
      }))

    it.effect("by an outage of the store, and renews when it is back", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* kept(world, accounts(5))
        yield* TestClock.adjust("50 minutes")

        world.isStoreDown = true
        yield* TestClock.adjust("20 minutes")
        const during = world.presented.length
        world.isStoreDown = false
        yield* TestClock.adjust("2 minutes")

        assert.strictEqual(during, 0)
        assert.strictEqual(world.presented.length, 5)
        yield* service.token(world.key("account-0"))
        assert.strictEqual(world.presented.length, 5)
      }))

    for (const [how, due] of [["dies", Effect.die("broken")], ["does not answer", Effect.never]] as const) {
      it.effect(`by a store that ${how}`, () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const process = yield* world.process()
          yield* world.login(process)
          let isBroken = true
          const keeper = yield* GrantKeeper.make().pipe(
            Effect.provideService(TokenStore.TokenStore, {
              ...process.store,
              due: (options) => isBroken ? due : process.store.due(options)
            }),
            Effect.provideService(TokenService.TokenService, process.service)
          )
          yield* Effect.forkScoped(keeper.run)
          yield* TestClock.adjust("70 minutes")
          const before = world.presented.length
          isBroken = false
          yield* TestClock.adjust("2 minutes")

          assert.deepStrictEqual([before, world.presented.length], [0, 1])
        }))
    }

    it.effect("asks a store that is away less and less", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        let asked = 0
        const keeper = yield* GrantKeeper.make({ interval: "1 second" }).pipe(
          Effect.provideService(TokenStore.TokenStore, {
            ...process.store,
            due: () => {
              asked++
              return Effect.die("away")
            }
          }),
          Effect.provideService(TokenService.TokenService, process.service)
        )
        yield* Effect.forkScoped(keeper.run)
        yield* TestClock.adjust("1 hour")

        assert.isAtLeast(asked, 50)
        assert.isAtMost(asked, 75)
      }))
  })

  describe("closed", () => {
    it.effect("begins nothing new, and finishes what it has begun", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "3 seconds" })
        const process = yield* world.process()
        for (const account of accounts(30)) yield* world.login(process, account)
        const scope = yield* Scope.make()
        const keeper = yield* Scope.provide(scope)(keeperOf(process, { concurrency: 4, limit: plenty }))
        yield* TestClock.adjust("59.5 minutes")

        const fiber = yield* begun(keeper)
        yield* TestClock.adjust("1 second")
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("1 second")
        const isWaiting = closing.pollUnsafe() === undefined
        yield* TestClock.adjust("2 seconds")
        const report = yield* Fiber.join(fiber)

        assert.isTrue(isWaiting)
        assert.isDefined(closing.pollUnsafe())
        assert.deepStrictEqual([report.renewed, Option.getOrThrow(report.stopped).why], [4, "Closing"])
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(world.presented.length, 4)
      }))

    it.effect("does not wait longer than shutdownGrace", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds" })
        const process = yield* world.process()
        yield* world.login(process)
        const scope = yield* Scope.make()
        const keeper = yield* Scope.provide(scope)(keeperOf(process))
        yield* TestClock.adjust("59.5 minutes")

        yield* begun(keeper)
        yield* TestClock.adjust("1 second")
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("11 seconds")
        const isClosed = closing.pollUnsafe() !== undefined
        yield* TestClock.adjust("1 minute")

        assert.isTrue(isClosed)
        assert.strictEqual((yield* world.standing()).grant?.serial, 2)
      }))

    it.effect("finishes a pass whose caller has gone", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        for (const account of accounts(5)) yield* world.login(process, account)
        const keeper = yield* keeperOf(process)
        yield* TestClock.adjust("59.5 minutes")

        const fiber = yield* begun(keeper)
        yield* TestClock.adjust("10 millis")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("5 seconds")

        assert.strictEqual(world.presented.length, 5)
      }))
  })

  describe("on several nodes", () => {
    it.effect("renews each grant once in each period", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const processes = [yield* world.process(), yield* world.process(), yield* world.process({ notified: false })]
        for (const account of accounts(40)) yield* world.login(processes[0]!, account)
        for (const process of processes) yield* Effect.forkScoped((yield* keeperOf(process)).run)

        yield* TestClock.adjust("1 hour")
        const first = world.presented.length
        yield* TestClock.adjust("1 hour")

        assert.deepStrictEqual([first, world.presented.length], [40, 80])
      }))

    it.effect("writes a claim and a commit for each grant, and hardly more", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const processes = yield* Effect.all([world.process(), world.process(), world.process(), world.process()])
        for (const account of accounts(100)) yield* world.login(processes[0], account)
        const keepers = yield* Effect.forEach(processes, (process) => keeperOf(process))
        yield* TestClock.adjust("59.5 minutes")
        world.writeLog.length = 0

        const passes = yield* Effect.forEach(keepers, (keeper) => Effect.forkChild(keeper.once))
        yield* TestClock.adjust(0)
        yield* TestClock.adjust("1 minute")

        const renewed = (yield* Fiber.joinAll(passes)).map((report) => report.renewed)
        assert.strictEqual(renewed.reduce((a, b) => a + b), 100)
        assert.strictEqual(world.writeLog.filter(({ accepted }) => accepted).length, 200)
        assert.isAtMost(world.writeLog.filter(({ accepted }) => !accepted).length, 15)
        // each has its part
        assert.isAtLeast(Math.min(...renewed), 10)
      }))

    it.effect("begins at another place and in another order on each", () =>
      Effect.gen(function*() {
        const orders: Array<ReadonlyArray<string>> = []
        for (const seed of ["a", "b"]) {
          const world = yield* World.make()
          const process = yield* world.process()
          for (const account of accounts(20)) {
            yield* world.login(process, account)
            yield* TestClock.adjust("1 second")
          }
          const order: Array<string> = []
          const keeper = yield* GrantKeeper.make().pipe(
            Effect.provideService(TokenStore.TokenStore, process.store),
            Effect.provideService(TokenService.TokenService, {
              ...process.service,
              keep: (key) => {
                order.push(key.account)
                return Effect.succeed("current")
              }
            })
          )
          yield* TestClock.adjust("59.5 minutes")
          yield* Random.withSeed(pass(keeper), seed)
          orders.push(order)
        }

        const [a = [], b = []] = orders
        assert.deepStrictEqual(a.toSorted(), b.toSorted())
        assert.strictEqual(a.length, 20)
        assert.notDeepEqual(a, b)
        assert.notDeepEqual(a, accounts(20))
      }))

    it.effect("begins at another time on each", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const begun: Array<number> = []
        for (let i = 0; i < 5; i++) {
          const process = yield* world.process()
          const keeper = yield* GrantKeeper.make({ interval: "100 seconds" }).pipe(
            Effect.provideService(TokenService.TokenService, process.service),
            Effect.provideService(TokenStore.TokenStore, {
              ...process.store,
              due: (options) => Effect.tap(process.store.due(options), ({ now }) => Effect.sync(() => begun.push(now)))
            })
          )
          yield* Effect.forkScoped(keeper.run)
        }
        for (let i = 0; i < 100; i++) yield* TestClock.adjust("1 second")

        assert.isAtLeast(new Set(begun.slice(0, 5)).size, 4)
      }))
  })

  describe("leaves no trace", () => {
    it.effect("of a grant that this process does not use", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const login = yield* world.process()
        yield* world.login(login)
        // it is told nothing, so only what it has forgotten makes it look
        const process = yield* world.process({ notified: false })
        const keeper = yield* keeperOf(process)
        yield* TestClock.adjust("59.5 minutes")
        const report = yield* pass(keeper)
        world.reads = 0

        yield* process.service.token(world.key())

        assert.deepStrictEqual([report.renewed, world.reads], [1, 1])
      }))

    it.effect("of one that it uses, but for the new token", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        yield* world.login(process)
        const keeper = yield* keeperOf(process)
        yield* TestClock.adjust("59.5 minutes")
        yield* pass(keeper)
        world.isStoreDown = true

        const token = yield* process.service.token(world.key())

        assert.strictEqual(Redacted.value(token.value), "access-1")
      }))

    it.effect("but keeps a pair that the store has not taken until it has", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const login = yield* world.process()
        yield* world.login(login)
        const process = yield* world.process()
        const keeper = yield* keeperOf(process)
        yield* TestClock.adjust("59.5 minutes")
        world.writes.push("pass", "fail", "fail", "fail")

        const report = yield* pass(keeper, "10 seconds")
        const { grant } = yield* world.standing()

        assert.strictEqual(report.renewed, 1)
        assert.strictEqual(grant?.serial, 2)
        assert.includeMembers(process.events.map(({ _tag }) => _tag), ["Unsaved", "Saved"])
      }))
  })

  it.effect("says of each renewal that nobody had asked", () =>
    Effect.gen(function*() {
      const world = yield* World.make()
      const { events } = yield* kept(world, ["ada"])

      yield* TestClock.adjust("1 hour")

      const event = events.find(({ _tag }) => _tag === "Renewed")
      assert.strictEqual(event?._tag === "Renewed" ? event.why : undefined, "kept")
    }))

  it.effect("measures what it does", () =>
    Effect.gen(function*() {
      const world = yield* World.make()
      const process = yield* world.process()
      for (const account of accounts(3)) yield* world.login(process, account)
      const keeper = yield* keeperOf(process)
      yield* TestClock.adjust("59.5 minutes")

      const report = yield* pass(keeper)
      const metrics = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("oauth.keeper."))

      assert.strictEqual(Duration.toSeconds(report.overdue), 30)
      assert.sameMembers([...new Set(metrics.map(({ id }) => id))], [
        "oauth.keeper.grants",
        "oauth.keeper.overdue",
        "oauth.keeper.passes"
      ])
    }))

  for (
    const [field, options] of [
      ["concurrency", { concurrency: 0 }],
      ["pageSize", { pageSize: 0 }],
      ["limit", { limit: { permits: 0, interval: "1 second" } }],
      ["budget", { budget: { permits: 1, interval: 0, of: () => "" } }]
    ] satisfies ReadonlyArray<readonly [string, GrantKeeper.Options]>
  ) {
    it.effect(`refuses ${field} of nothing`, () =>
      Effect.gen(function*() {
        const world = yield* World.make()

        const { reason } = yield* Effect.flip(keeperOf(yield* world.process(), options))

        assert.strictEqual(reason._tag === "ConfigurationInvalid" ? reason.field : undefined, field)
      }))
  }
})

const idleOnly = { usedWithin: "0 seconds" } as const

const plenty = { permits: 1000, interval: "1 second" } as const

const accounts = (count: number, prefix = "account-"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

const keeperOf = (process: Process, options?: GrantKeeper.Options) =>
  GrantKeeper.make(options).pipe(
    Effect.provideService(TokenService.TokenService, process.service),
    Effect.provideService(TokenStore.TokenStore, process.store)
  )

/** A process with a keeper at work, and the grants of these accounts. */
const kept = Effect.fnUntraced(function*(
  world: World,
  accounts: ReadonlyArray<string>,
  options?: GrantKeeper.Options
) {
  const process = yield* world.process()
  for (const account of accounts) yield* world.login(process, account)
  yield* Effect.forkScoped((yield* keeperOf(process, options)).run)
  return process
})

/** One pass, while time passes. */
const pass = (keeper: GrantKeeper.GrantKeeper["Service"], duration: Duration.Input = "5 seconds") =>
  Effect.gen(function*() {
    const fiber = yield* begun(keeper)
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

/** A pass that has got as far as it can without time passing. */
const begun = (keeper: GrantKeeper.GrantKeeper["Service"]) =>
  Effect.tap(Effect.forkChild(keeper.once), () => TestClock.adjust(0))

const draft = (key: GrantKey.GrantKey): Grant.Draft => ({
  format: Grant.format,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "w",
  lineage: "l",
  serial: 1,
  installation: "default",
  body: { _tag: "Open", accessTokens: [], refreshToken: Redacted.make("refresh-0") }
})
