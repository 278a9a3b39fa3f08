import { Grant, GrantKey, OAuthError, RotationPolicy, Target, TokenStore } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Redacted, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { after, notProcessed, notSent, reasonOf, refused, valueOf, World } from "./support/World.ts"

describe("TokenService", () => {
  describe("token", () => {
    it.effect("returns the token of a login until it is due", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)

        const token = yield* service.token(world.key())

        assert.strictEqual(Redacted.value(token.value), "access-0")
        assert.deepStrictEqual(world.presented, [])
      }))

    it.effect("fails with ReauthorizationRequired where there is no grant", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* world.process()

        const error = yield* Effect.flip(service.token(world.key()))

        assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      }))

    it.effect("renews an ended token once for everyone who waits, in every process [I5]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const processes = [yield* loggedIn(world), yield* world.process(), yield* world.process({ notified: false })]
        yield* TestClock.adjust("1 hour")

        const calls = processes.flatMap(({ service }) => Array.from({ length: 50 }, () => service.token(world.key())))
        const exit = yield* after(Effect.all(calls, { concurrency: "unbounded" }), "10 seconds")

        assert.deepStrictEqual(world.presented, ["refresh-0"])
        assert.isTrue(Exit.isSuccess(exit))
        const tokens = Exit.isSuccess(exit) ? exit.value.map((token) => Redacted.value(token.value)) : []
        assert.deepStrictEqual(new Set(tokens), new Set(["access-1"]))
      }))

    it.effect("renews what it knows by two calls to the store: the claim and the commit", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* service.token(world.key())
        yield* TestClock.adjust("1 hour")
        world.reads = 0
        world.writeLog.length = 0

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.deepStrictEqual(world.writeLog.map(({ state }) => state), ["Renewing", "Active"])
        assert.strictEqual(world.reads, 0)
      }))

    it.effect("reads first what it has not heard of for maxStaleness, where the store does not notify", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world)
        const { service } = yield* world.process({ notified: false })
        yield* service.token(world.key())
        yield* TestClock.adjust("1 hour")
        world.reads = 0

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.strictEqual(world.reads, 1)
      }))

    it.effect("adopts what another process has renewed when its claim is lost", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const other = yield* world.process({ notified: false, policy: { maxStaleness: "1 day" } })
        yield* other.service.token(world.key())
        yield* TestClock.adjust("1 hour")
        yield* after(service.token(world.key()))
        world.reads = 0

        const exit = yield* after(other.service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.strictEqual(world.reads, 0)
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("returns a due token at once and renews it meanwhile", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("59.9 minutes")

        const before = yield* service.token(world.key())
        yield* TestClock.adjust("1 second")
        const later = yield* service.token(world.key())

        assert.strictEqual(Redacted.value(before.value), "access-0")
        assert.strictEqual(Redacted.value(later.value), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("renews a due token before it returns one where the policy says inline", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { background: "inline" } })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("59.9 minutes")

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
      }))

    it.effect("goes on renewing when every caller is interrupted [I4]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")

        const caller = yield* Effect.forkChild(service.token(world.key()))
        yield* TestClock.adjust("10 millis")
        yield* Fiber.interrupt(caller)
        yield* TestClock.adjust("1 second")
        const token = yield* service.token(world.key())

        assert.strictEqual(Redacted.value(token.value), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("answers every caller of one moment where nobody may wait, and lets the renewal go on", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "1 second", policy: { waitAtMost: "0 seconds" } })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const { token } = service.bind(world.key())

        const exits = yield* after(Effect.all([token, token, token].map(Effect.exit), { concurrency: 3 }), "0 seconds")
        yield* TestClock.adjust("2 seconds")

        const each = Exit.isSuccess(exits) ? exits.value.map(reasonOf) : []
        assert.deepStrictEqual(each, ["RenewalPending", "RenewalPending", "RenewalPending"])
        assert.strictEqual(valueOf(yield* Effect.exit(token)), "access-1")
      }))

    it.effect("waits as long as it may at an instant that a clock which was set back shows again", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds", policy: { waitAtMost: "5 seconds" } })
        const process = yield* world.process()
        yield* world.login(process)
        yield* TestClock.adjust("61 minutes")
        const expiredAt = yield* Clock.currentTimeMillis
        const first = yield* after(process.service.token(world.key()), "6 seconds")
        yield* TestClock.setTime(expiredAt)

        const again = yield* Effect.forkChild(process.service.token(world.key()), { startImmediately: true })
        yield* TestClock.adjust("4 seconds")
        const early = again.pollUnsafe()
        yield* TestClock.adjust("1 minute")

        assert.strictEqual(reasonOf(first), "RenewalPending")
        assert.isUndefined(early)
      }))

    it.effect("lets whoever comes later wait for as long as whoever came first", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds", policy: { waitAtMost: "5 seconds" } })
        const process = yield* world.process()
        yield* world.login(process)
        yield* TestClock.adjust("61 minutes")
        const ask = Effect.forkChild(process.service.token(world.key()), { startImmediately: true })
        const first = yield* ask
        yield* TestClock.adjust("3 seconds")
        const second = yield* ask

        yield* TestClock.adjust("2 seconds")
        const atFive = [first.pollUnsafe(), second.pollUnsafe()]
        yield* TestClock.adjust("3 seconds")
        const atEight = second.pollUnsafe()
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(atFive.map((exit) => exit && reasonOf(exit)), ["RenewalPending", undefined])
        assert.strictEqual(atEight && reasonOf(atEight), "RenewalPending")
      }))

    it.effect("lets those who come a thousandth of waitAtMost apart wait together, and nobody for longer", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds", policy: { waitAtMost: "5 seconds" } })
        const process = yield* world.process()
        yield* world.login(process)
        yield* TestClock.adjust("61 minutes")
        const ask = Effect.forkChild(process.service.token(world.key()), { startImmediately: true })
        const first = yield* ask
        yield* TestClock.adjust("5 millis")
        const together = yield* ask
        yield* TestClock.adjust("1 millis")
        const later = yield* ask

        yield* TestClock.adjust("4994 millis")
        const atFive = [first, together, later].map((fiber) => fiber.pollUnsafe())
        yield* TestClock.adjust("6 millis")
        const after = later.pollUnsafe()
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(
          atFive.map((exit) => exit && reasonOf(exit)),
          ["RenewalPending", "RenewalPending", undefined]
        )
        assert.strictEqual(after && reasonOf(after), "RenewalPending")
      }))

    it.effect("asks for nothing more when those have left who waited for somebody else's renewal", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(refused("invalid_client"))
        yield* Effect.forkChild(service.refresh(world.key()), { startImmediately: true })

        const caller = yield* Effect.forkChild(service.token(world.key()), { startImmediately: true })
        yield* TestClock.adjust("10 millis")
        yield* Fiber.interrupt(caller)
        world.reads = 0
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(world.presented, ["refresh-0"])
        assert.strictEqual(world.reads, 0)
      }))

    it.effect("goes by the clock that it was opened with, whatever clock its caller has", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* service.token(world.key())
        const clock = yield* Clock.Clock
        const behind: Clock.Clock = Object.create(clock, { currentTimeMillisUnsafe: { value: () => -86_400_000 } })
        world.reads = 0

        const token = yield* Effect.provideService(service.token(world.key()), Clock.Clock, behind)

        assert.strictEqual(Redacted.value(token.value), "access-0")
        assert.strictEqual(world.reads, 0)
      }))

    it.effect("stops waiting at waitAtMost and lets the renewal go on", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "40 seconds" })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(service.token(world.key()), "30 seconds")
        yield* TestClock.adjust("20 seconds")
        const token = yield* service.token(world.key())

        assert.strictEqual(reasonOf(exit), "RenewalPending")
        assert.strictEqual(Redacted.value(token.value), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("does not loop on tokens that live for seconds", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ lifetime: "2 seconds", latency: "10 millis" })
        const { service } = yield* loggedIn(world)

        for (let i = 0; i < 100; i++) {
          yield* service.token(world.key())
          yield* TestClock.adjust("100 millis")
        }

        assert.isAtMost(world.presented.length, 7)
        assert.isAtLeast(world.presented.length, 4)
      }))
  })

  describe("a usable token", () => {
    it.effect("is returned while a renewal takes long, where the store does not notify [I7]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds" })
        const process = yield* world.process({ notified: false })
        yield* world.login(process)
        yield* TestClock.adjust("59 minutes")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("35 seconds")

        const exit = yield* after(process.service.token(world.key()), "1 second")
        yield* TestClock.adjust("1 minute")

        assert.strictEqual(valueOf(exit), "access-0")
      }))

    it.effect("is returned when a caller has waited long enough for a renewal [I7]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds", policy: { waitAtMost: "5 seconds" } })
        const process = yield* world.process({ notified: false })
        yield* world.login(process)
        yield* TestClock.adjust("59 minutes")
        yield* Effect.forkChild(process.service.token(world.key()))
        world.isStoreDown = true
        yield* TestClock.adjust("40 seconds")

        const exit = yield* after(process.service.token(world.key()), "6 seconds")
        world.isStoreDown = false
        yield* TestClock.adjust("1 minute")

        assert.strictEqual(valueOf(exit), "access-0")
      }))

    it.effect("is looked at again when the clock was set back", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const other = yield* loggedIn(world)
        const { service } = yield* world.process({ notified: false })
        yield* TestClock.adjust("10 minutes")
        yield* service.token(world.key())
        yield* other.service.revoke(world.key())
        yield* TestClock.setTime(Date.UTC(2030, 0, 1, 0, 5))

        const error = yield* Effect.flip(service.token(world.key()))

        assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
      }))
  })

  describe("judgements", () => {
    it.effect("quarantines the pair of an answer that fails a check, and presents it next [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push({
          _tag: "Unusable",
          reason: new OAuthError.ResponseInvalid({ problem: "missing", field: "access_token" }),
          refreshToken: Redacted.make("refresh-new")
        })

        const failed = yield* after(process.service.token(world.key()))
        yield* TestClock.adjust("1 minute")
        const next = yield* after(process.service.token(world.key()))

        assert.strictEqual(reasonOf(failed), "ResponseInvalid")
        assert.isTrue(process.events.some((event) => event._tag === "Quarantined"))
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-new"])
        assert.strictEqual(valueOf(next), "access-1")
      }))

    it.effect("ends the grant, its pair kept, when a renewal answers for somebody else", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        world.idToken = idToken("ada")
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.idToken = idToken("bob")

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(whyOf(exit), "IdentityMismatch")
        const { grant } = yield* world.standing()
        assert.strictEqual(
          grant?.body._tag === "Open" && grant.body.quarantined !== undefined &&
            Redacted.value(grant.body.quarantined.refreshToken),
          "refresh-1"
        )
      }))

    it.effect("tries again within the claim when nothing was sent [I6]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(notSent, notSent)

        const exit = yield* after(service.token(world.key()), "10 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
      }))

    it.effect("leaves the server alone until Retry-After has passed, in every process", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const processes = [yield* loggedIn(world), yield* world.process()]
        yield* TestClock.adjust("1 hour")
        world.answers.push(notProcessed("2 minutes"))

        const first = yield* after(processes[0]!.service.token(world.key()))
        const second = yield* after(processes[1]!.service.token(world.key()), "1 minute")
        yield* TestClock.adjust("1 minute")
        const third = yield* after(processes[1]!.service.token(world.key()))

        assert.strictEqual(reasonOf(first), "ServerUnavailable")
        assert.strictEqual(reasonOf(second), "RenewalPending")
        assert.strictEqual(valueOf(third), "access-1")
        assert.strictEqual(world.presented.length, 2)
      }))

    it.effect("serves the old token while it lives and the server is not available [I7]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("59.5 minutes")
        world.answers.push(notProcessed("10 seconds"), notProcessed("10 seconds"))

        const during: Array<string> = []
        for (let i = 0; i < 10; i++) {
          during.push(valueOf(yield* after(service.token(world.key()), "1 second")))
        }

        assert.deepStrictEqual(new Set(during), new Set(["access-0"]))
      }))

    it.effect("ends the grant when the server refuses its token", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(refused("invalid_grant"))

        const exit = yield* after(process.service.token(world.key()))

        assert.strictEqual(whyOf(exit), "GrantRejected")
        assert.strictEqual((yield* world.standing()).grant?.state._tag, "ReauthorizationRequired")
        assert.isTrue(process.events.some((event) => event._tag === "Ended" && event.why === "GrantRejected"))
      }))

    it.effect("keeps the grant on any other OAuth error and doubles the rest", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(refused("invalid_client"), refused("invalid_client"))

        const first = yield* after(service.token(world.key()), "1 minute")
        yield* TestClock.adjust("1 second")
        const second = yield* after(service.token(world.key()), "1 minute")
        const resting = yield* after(service.token(world.key()), "50 seconds")
        yield* TestClock.adjust("20 seconds")
        const third = yield* after(service.token(world.key()))

        assert.deepStrictEqual([first, second, resting].map(reasonOf), [
          "RequestRefused",
          "RequestRefused",
          "RenewalPending"
        ])
        assert.strictEqual(valueOf(third), "access-1")
      }))

    it.effect("leaves a server alone that fails again and again, then lets one request through", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          policy: { breakerThreshold: 3, breakerRest: "1 minute", backOff: () => Duration.zero }
        })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(notProcessed(), notProcessed(), notProcessed())

        const exits = yield* Effect.forEach([1, 2, 3, 4, 5], () => after(service.token(world.key()), "1 second"))
        const presentedWhileOpen = world.presented.length
        yield* TestClock.adjust("1 minute")
        const later = yield* after(service.token(world.key()))

        assert.deepStrictEqual(new Set(exits.map(reasonOf)), new Set(["ServerUnavailable"]))
        assert.strictEqual(presentedWhileOpen, 3)
        assert.strictEqual(valueOf(later), "access-1")
      }))

    it.effect("presents a static token again at once when its answer was lost", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ rotation: RotationPolicy.fixed })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push("drop", "drop")

        const exit = yield* after(service.token(world.key()), "5 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
      }))

    it.effect("presents a token again inside the server's window when its answer was lost [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          rotation: RotationPolicy.rotating({ window: { duration: "30 seconds", idempotent: true } })
        })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push("drop")

        const exit = yield* after(service.token(world.key()), "5 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
      }))

    it.effect("rests a token that was presented again inside the server's window, once that is over [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          rotation: RotationPolicy.rotating({
            window: { duration: "150 seconds", idempotent: false },
            patience: "1 minute"
          })
        })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose",
          "lose"
        )
        yield* after(service.token(world.key()), "40 seconds")
        yield* TestClock.adjust("50 seconds")
        const inside = world.presented.length
        yield* after(service.token(world.key()), "40 seconds")
        const presented = world.presented.length
        yield* TestClock.adjust("50 seconds")

        const exit = yield* after(service.token(world.key()), "40 seconds")

        assert.isAbove(presented, inside)
        assert.strictEqual(reasonOf(exit), "RenewalPending")
        assert.strictEqual(world.presented.length, presented)
        yield* TestClock.adjust("4 minutes")
        yield* after(service.token(world.key()), "40 seconds")
        assert.isAbove(world.presented.length, presented)
      }))

    it.effect("rests a strict server's token whose answer was lost, then presents it again [I1] [I6]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push("drop")

        const lost = yield* after(service.token(world.key()))
        const state = (yield* world.standing()).grant?.state._tag
        yield* TestClock.adjust("5.5 minutes")
        const resting = yield* after(service.token(world.key()))
        yield* TestClock.adjust("10 seconds")
        const found = yield* after(service.token(world.key()), "12 seconds")

        assert.strictEqual(reasonOf(lost), "AnswerLost")
        assert.strictEqual(state, "Indeterminate")
        assert.strictEqual(reasonOf(resting), "RenewalPending")
        assert.strictEqual(valueOf(found), "access-1")
      }))

    it.effect("says RotationLost when the server refuses a token whose answer was lost", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push("lose", refused("invalid_grant"))

        yield* after(service.token(world.key()))
        yield* TestClock.adjust("6 minutes")
        const exit = yield* after(service.token(world.key()), "12 seconds")

        assert.strictEqual(whyOf(exit), "RotationLost")
      }))

    it.effect("says RefreshTokenSpent when a server that issued no other refuses the token", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ rotation: RotationPolicy.unknown })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const now = Date.UTC(2030, 0, 1, 1)
        const { refreshToken: _, ...tokens } = world.tokens(now)
        world.answers.push({ _tag: "Granted", tokens }, refused("invalid_grant"))

        yield* after(service.token(world.key()))
        yield* TestClock.adjust("1 hour")
        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(whyOf(exit), "RefreshTokenSpent")
      }))

    it.effect("says GrantRejected when the server refuses a token that came after the one it had kept", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ rotation: RotationPolicy.unknown })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const { refreshToken: _, ...tokens } = world.tokens(Date.UTC(2030, 0, 1, 1))
        world.answers.push(
          { _tag: "Granted", tokens },
          {
            _tag: "Unusable",
            reason: new OAuthError.ResponseInvalid({ field: "access_token", problem: "missing" }),
            refreshToken: Redacted.make("quarantined")
          },
          refused("invalid_grant")
        )

        yield* after(service.token(world.key()))
        yield* TestClock.adjust("1 hour")
        yield* after(service.token(world.key()))
        yield* TestClock.adjust("1 hour")
        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(world.presented.at(-1), "quarantined")
        assert.strictEqual(whyOf(exit), "GrantRejected")
      }))

    it.effect("ends no more grants when a server suddenly refuses many", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { brake: 2 } })
        const process = yield* loggedIn(world)
        const accounts = ["a", "b", "c", "d"].map((account) => world.key(account))
        const now = Date.UTC(2030, 0, 1)
        for (const key of accounts) yield* process.service.adopt(key, world.tokens(now))
        yield* TestClock.adjust("1 hour")
        world.answers.push(...accounts.map(() => refused("invalid_grant")))

        const exits = yield* after(
          Effect.forEach(accounts, (key) => Effect.exit(process.service.token(key))),
          "5 seconds"
        )

        const tags = Exit.isSuccess(exits) ? exits.value.map(reasonOf) : []
        assert.deepStrictEqual(tags, [
          "ReauthorizationRequired",
          "RequestRefused",
          "RequestRefused",
          "RequestRefused"
        ])
        assert.isTrue(process.events.some((event) => event._tag === "BrakeHeld"))
      }))
  })

  describe("the store", () => {
    it.effect("is written before anybody is given the new token [I3]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(Effect.andThen(service.token(world.key()), Effect.sync(() => [...world.writeLog])))

        const log = Exit.isSuccess(exit) ? exit.value.map(({ state }) => state) : []
        assert.deepStrictEqual(log, ["Active", "Renewing", "Active"])
      }))

    it.effect("that fails leaves the new pair in memory, in use, and saved when it is back [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail", "fail", "fail")

        const exit = yield* after(process.service.token(world.key()))
        yield* TestClock.adjust("10 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
        assert.isTrue(process.events.some((event) => event._tag === "Unsaved"))
        assert.isTrue(process.events.some((event) => event._tag === "Saved"))
        const { grant } = yield* world.standing()
        assert.strictEqual(grant === undefined ? 0 : grant.serial, 2)
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("that fails does not hide that the server has ended the grant", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(refused("invalid_grant"))
        world.writes.push("pass", ...Array.from({ length: 10 }, () => "fail" as const))

        yield* after(service.token(world.key()))
        const exit = yield* after(service.token(world.key()))
        yield* TestClock.adjust("1 minute")

        assert.strictEqual(whyOf(exit), "GrantRejected")
      }))

    it.effect("that fails does not hide that a renewal has answered for somebody else, and keeps the pair in hand [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        world.idToken = idToken("ada")
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.idToken = idToken("bob")
        world.writes.push("pass", ...Array.from({ length: 10 }, () => "fail" as const))

        yield* after(process.service.token(world.key()))
        const exit = yield* after(process.service.token(world.key()))
        const before = yield* world.standing()
        yield* TestClock.adjust("1 minute")

        assert.strictEqual(whyOf(exit), "IdentityMismatch")
        assert.strictEqual(before.grant?.state._tag, "Renewing")
        assert.isTrue(process.events.some((event) => event._tag === "Unsaved"))
        const { grant } = yield* world.standing()
        assert.strictEqual(
          grant?.body._tag === "Open" && grant.body.quarantined !== undefined &&
            Redacted.value(grant.body.quarantined.refreshToken),
          "refresh-1"
        )
      }))

    it.effect("that went back in time to where the provider had ended the grant leaves it ended [I8]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const first = (yield* world.standing()).grant
        yield* TestClock.adjust("1 hour")
        yield* after(service.token(world.key()))
        const { grant, now } = yield* world.standing()
        if (first === undefined || grant === undefined) return assert.fail("no record")
        yield* world.memory.write(grant.version, {
          ...Grant.draft(first, { now, writeId: "the past" }),
          state: { _tag: "ReauthorizationRequired", why: "Ended", at: now }
        })

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(whyOf(exit), "Ended")
        assert.strictEqual((yield* world.standing()).grant?.state._tag, "ReauthorizationRequired")
      }))

    it.effect(
      "never has the old token presented again while the new pair is unsaved [I1]",
      () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const { close, service } = yield* loggedIn(world)
          yield* TestClock.adjust("1 hour")
          world.writes.push("pass", ...Array.from({ length: 10_000 }, () => "fail" as const))

          yield* after(service.token(world.key()))
          yield* TestClock.adjust("61 minutes")
          // long enough for a claim to settle and be followed
          const exit = yield* after(service.token(world.key()), "1 minute")
          yield* after(close, "11 seconds")

          assert.strictEqual(reasonOf(exit), "StoreUnavailable")
          assert.deepStrictEqual(world.presented, ["refresh-0"])
        })
    )

    it.effect("is recognised to hold a write that it did not answer", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.writes.push("fail-after", "fail-after")

        const exit = yield* after(process.service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.isFalse(process.events.some((event) => event._tag === "Unsaved"))
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("that is down does not keep a valid token from being served [I7]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world)
        const { service } = yield* world.process({ notified: false })
        yield* service.token(world.key())
        world.isStoreDown = true
        yield* TestClock.adjust("10 minutes")

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-0")
      }))

    it.effect("that neither answers nor can be interrupted holds up nobody [I9]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const custody = Layer.effect(
          TokenStore.TokenStore,
          Effect.map(TokenStore.TokenStore, (store) => ({
            ...store,
            write: (expected: string | undefined, draft: Grant.Draft) =>
              draft.state._tag === "Renewing" ? Effect.uninterruptible(Effect.never) : store.write(expected, draft)
          }))
        )
        const process = yield* world.process({ custody })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(process.service.token(world.key()), "20 seconds")

        assert.strictEqual(reasonOf(exit), "StoreUnavailable")
      }))

    it.effect("that did not take the release of a claim is asked again while the claim is ours [I6]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.answers.push(notProcessed("1 minute"))
        world.writes.push("pass", "fail", "fail")

        const exit = yield* after(service.token(world.key()))
        const { grant } = yield* world.standing()

        assert.strictEqual(reasonOf(exit), "ServerUnavailable")
        assert.strictEqual(grant?.state._tag, "Active")
        assert.isDefined(grant?.retryAt)
      }))

    it.effect("that is interrupted from within over a commit leaves the new pair in memory, and it is saved [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        let commits = 0
        const process = yield* world.process({
          custody: around((store) => ({
            ...store,
            write: (expected, draft) =>
              Effect.suspend(() =>
                draft.serial === 2 && commits++ === 0 ? Effect.interrupt : store.write(expected, draft)
              )
          }))
        })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(process.service.token(world.key()), "5 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
        assert.strictEqual((yield* world.standing()).grant?.serial, 2)
        assert.includeMembers(process.events.map(({ _tag }) => _tag), ["Unsaved", "Saved"])
      }))

    it.effect("that hangs fails the call in time", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        world.writes.push("hang", "hang", "hang")

        const exit = yield* after(service.token(world.key()), "20 seconds")

        assert.strictEqual(reasonOf(exit), "StoreUnavailable")
      }))

    it.effect("that went back in time is given the newer pair again", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        const old = (yield* world.standing()).grant
        yield* TestClock.adjust("1 hour")
        yield* after(process.service.token(world.key()))
        const now = (yield* world.standing()).grant
        if (old === undefined || now === undefined) return assert.fail("no record")
        yield* world.memory.write(now.version, Grant.draft(old, { now: Date.UTC(2030, 0, 1, 1), writeId: "restored" }))
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(process.service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-2")
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-1"])
        assert.isTrue(process.events.some((event) => event._tag === "WrittenBack"))
      }))

    it.effect("that went back in time is given the newer of two pairs of one number: the one that kept no token [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ rotation: window("30 seconds") })
        const process = yield* loggedIn(world)
        yield* after(process.service.refresh(world.key()))
        const { grant, now } = yield* world.standing()
        if (grant === undefined) return assert.fail("no record")
        yield* world.memory.write(grant.version, {
          ...Grant.draft(grant, { now, writeId: "theirs" }),
          body: { ...pair("other"), refreshToken: Redacted.make("refresh-0"), refreshTokenKept: true }
        })

        const exit = yield* after(process.service.refresh(world.key()), "5 seconds")

        assert.strictEqual(valueOf(exit), "access-2")
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-1"])
        assert.isTrue(process.events.some(({ _tag }) => _tag === "WrittenBack"))
      }))

    it.effect("that went back in time is given the newest pair again, though another process was first [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const other: { record?: Grant.Grant | undefined } = {}
        const process = yield* world.process({ custody: preceded(other) })
        yield* world.login(process)
        const records: Array<Grant.Grant | undefined> = [(yield* world.standing()).grant]
        for (const _ of ["second", "third"]) {
          yield* TestClock.adjust("1 hour")
          yield* after(process.service.token(world.key()))
          records.push((yield* world.standing()).grant)
        }
        const [first, second, third] = records
        if (first === undefined || third === undefined) return assert.fail("no record")
        const now = yield* Clock.currentTimeMillis
        yield* world.memory.write(third.version, Grant.draft(first, { now, writeId: "restored" }))
        // a process that knows the second pair writes that back while this one is about to write the third
        other.record = second
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(process.service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-3")
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-1", "refresh-2"])
      }))
  })

  describe("a claim", () => {
    it.effect("that others gave up on is still ended by its holder, while nobody has presented its token again [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "20 seconds" })
        const { service } = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const caller = yield* Effect.forkChild(service.token(world.key()))
        yield* TestClock.adjust("1 second")
        const { grant, now } = yield* world.standing()
        if (grant?.state._tag !== "Renewing") return assert.fail("no claim")
        const { attempt, presented, startedAt } = grant.state
        yield* world.memory.write(grant.version, {
          ...Grant.draft(grant, { now, writeId: "another" }),
          state: { _tag: "Indeterminate", attempt, presented, since: startedAt },
          retryIn: Duration.toMillis("5 minutes")
        })

        yield* TestClock.adjust("20 seconds")
        const exit = yield* Fiber.await(caller)

        assert.strictEqual(valueOf(exit), "access-1")
        const saved = (yield* world.standing()).grant
        assert.strictEqual(saved?.state._tag, "Active")
        assert.strictEqual(saved?.serial, 2)
      }))

    it.effect("of a process that died is followed after lease, settle time and patience [I9]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world)
        const { service } = yield* world.process()
        yield* TestClock.adjust("1 hour")
        yield* claimByTheDead(world)

        const early = yield* after(service.token(world.key()), "41 seconds")
        const presentedEarly = world.presented.length
        yield* TestClock.adjust("5 minutes")
        const late = yield* after(service.token(world.key()), "12 seconds")

        assert.strictEqual(reasonOf(early), "RenewalPending")
        assert.strictEqual(presentedEarly, 0)
        assert.strictEqual(valueOf(late), "access-1")
      }))

    it.effect("of a process that may only be stopped becomes Indeterminate, and rests for patience from then on", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world)
        const { service } = yield* world.process()
        yield* TestClock.adjust("1 hour")
        yield* claimByTheDead(world)
        const claim = (yield* world.standing()).grant?.state

        yield* after(service.token(world.key()), "45 seconds")

        const { grant, now } = yield* world.standing()
        if (claim?._tag !== "Renewing" || grant?.state._tag !== "Indeterminate") return assert.fail("not as expected")
        assert.strictEqual(grant.state.presented, claim.presented)
        assert.strictEqual(grant.state.attempt, claim.attempt)
        assert.isTrue((grant.retryAt ?? 0) - now > Duration.toMillis("4.8 minutes"))
      }))

    it.effect("of a process that died is followed inside the server's window after lease and settle time", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          rotation: RotationPolicy.rotating({ window: { duration: "2 minutes", idempotent: true } }),
          policy: { waitAtMost: "1 minute" }
        })
        yield* loggedIn(world)
        const { service } = yield* world.process()
        yield* TestClock.adjust("1 hour")
        yield* claimByTheDead(world)

        const exit = yield* after(service.token(world.key()), "45 seconds")

        assert.strictEqual(valueOf(exit), "access-1")
      }))

    it.effect("is not followed while its holder's heartbeats move the lease", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds", policy: { waitAtMost: "2 minutes" } })
        const holder = yield* loggedIn(world)
        const other = yield* world.process({ notified: false })
        yield* TestClock.adjust("1 hour")

        const calls = [holder.service.token(world.key()), other.service.token(world.key())]
        const exit = yield* after(Effect.all(calls, { concurrency: "unbounded" }), "1 minute")

        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("that was overtaken is never written, and what stands is adopted [I8]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "20 seconds" })
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("5 seconds")
        const claim = (yield* world.standing()).grant
        if (claim === undefined) return assert.fail("no record")
        const theirs = { ...Grant.draft(claim, { now: 0, writeId: "theirs" }), serial: 2, body: pair("their") }
        yield* world.memory.write(claim.version, { ...theirs, state: { _tag: "Active", failures: 0 } })

        yield* TestClock.adjust("1 minute")
        const token = yield* Fiber.join(fiber)

        assert.strictEqual(Redacted.value(token.value), "access-their")
        assert.strictEqual((yield* world.standing()).grant?.writeId, "theirs")
        assert.deepStrictEqual(world.revoked, [])
        assert.isTrue(process.events.some((event) => event._tag === "Overtaken"))
      }))

    describe("inside a window in which a repeat brings the same pair", () => {
      it.effect("saves its pair when whoever repeated has got no answer [I2]", () =>
        Effect.gen(function*() {
          const { fiber, process, repeat, world } = yield* repeated({ idempotent: true })

          yield* TestClock.adjust("20 seconds")
          const token = yield* Fiber.join(fiber)
          const meanwhile = (yield* world.standing()).grant
          yield* world.memory.write(meanwhile?.version, {
            ...repeat,
            writeId: "no answer",
            state: { ...repeat.state, _tag: "Indeterminate", since: repeat.state.startedAt }
          })
          yield* TestClock.adjust("10 seconds")

          assert.strictEqual(Redacted.value(token.value), "access-1")
          assert.strictEqual(meanwhile?.writeId, "theirs")
          const { grant } = yield* world.standing()
          assert.deepStrictEqual([grant?.state._tag, grant?.serial], ["Active", 2])
          assert.deepStrictEqual(world.presented, ["refresh-0"])
          assert.deepStrictEqual(
            process.events.map(({ _tag }) => _tag).filter((tag) => ["Unsaved", "Saved", "Overtaken"].includes(tag)),
            ["Unsaved", "Saved"]
          )
        }))

      it.effect("saves its pair when the claim of whoever repeated has settled, and not before [I1] [I2]", () =>
        Effect.gen(function*() {
          const { world } = yield* repeated({ idempotent: true })

          yield* TestClock.adjust("38 seconds")
          const early = (yield* world.standing()).grant
          yield* TestClock.adjust("10 seconds")
          const late = (yield* world.standing()).grant

          assert.deepStrictEqual([early?.state._tag, early?.writeId], ["Renewing", "theirs"])
          assert.deepStrictEqual([late?.state._tag, late?.serial], ["Active", 2])
        }))

      it.effect("adopts the pair of whoever repeated and got it", () =>
        Effect.gen(function*() {
          const { process, repeat, world } = yield* repeated({ idempotent: true })

          yield* TestClock.adjust("20 seconds")
          const { grant } = yield* world.standing()
          const { leaseFor: _, ...answered } = repeat
          yield* world.memory.write(grant?.version, {
            ...answered,
            writeId: "an answer",
            state: { _tag: "Active", failures: 0 },
            serial: 2,
            body: pair("1")
          })
          yield* TestClock.adjust("1 minute")

          assert.strictEqual((yield* world.standing()).grant?.writeId, "an answer")
          assert.isTrue(process.events.some(({ _tag }) => _tag === "Overtaken"))
        }))

      for (
        const [what, idempotent, stands] of [
          ["saves its pair over", true, "refresh-1"],
          ["leaves it, where a repeat ends the earlier pair, to", false, "refresh-0"]
        ] as const
      ) {
        it.effect(`${what} one that kept the token which was presented for both [I2]`, () =>
          Effect.gen(function*() {
            const { repeat, world } = yield* repeated({ idempotent })
            const { grant } = yield* world.standing()
            const { leaseFor: _, ...answered } = repeat

            yield* world.memory.write(grant?.version, {
              ...answered,
              writeId: "kept",
              state: { _tag: "Active", failures: 0 },
              serial: 2,
              body: { ...pair("0"), refreshTokenKept: true }
            })
            yield* TestClock.adjust("1 minute")

            const standing = (yield* world.standing()).grant?.body
            assert.strictEqual(
              standing?._tag === "Open" && standing.refreshToken !== undefined && Redacted.value(standing.refreshToken),
              stands
            )
          }))
      }

      it.effect("gives its pair up to whoever repeated, where that ends the earlier pair", () =>
        Effect.gen(function*() {
          const { process, world } = yield* repeated({ idempotent: false })

          yield* TestClock.adjust("20 seconds")

          assert.strictEqual((yield* world.standing()).grant?.writeId, "theirs")
          assert.isTrue(process.events.some(({ _tag }) => _tag === "Overtaken"))
        }))

      it.effect("presents nothing again that was claimed inside, once the window is over [I1]", () =>
        Effect.gen(function*() {
          const world = yield* World.make({ rotation: window("46 seconds"), policy: { waitAtMost: "2 minutes" } })
          yield* loggedIn(world)
          const { service } = yield* world.process({
            custody: around((store) => ({
              ...store,
              write: (expected, draft) => Effect.tap(store.write(expected, draft), () => Effect.sleep("4 seconds"))
            }))
          })
          yield* TestClock.adjust("1 hour")
          yield* claimByTheDead(world)
          world.writeLog.length = 0

          const exit = yield* after(service.token(world.key()), "1 minute")

          assert.strictEqual(reasonOf(exit), "RequestNotSent")
          assert.deepStrictEqual(world.writeLog.map(({ state }) => state), ["Renewing", "Indeterminate"])
          assert.deepStrictEqual(world.presented, [])
        }))

      it.effect("presents nothing under a claim of its own, once the window is over [I1]", () =>
        Effect.gen(function*() {
          const world = yield* World.make({ rotation: window("46 seconds"), policy: { waitAtMost: "43 seconds" } })
          yield* loggedIn(world)
          const { service } = yield* world.process({
            custody: around((store) => ({
              ...store,
              // the first is applied, and what became of it is not heard
              write: (expected, draft) =>
                Effect.flatMap(store.write(expected, draft), (outcome) => {
                  world.isStoreDown = world.writeLog.length === 1
                  return world.isStoreDown ? store.write(expected, draft) : Effect.succeed(outcome)
                })
            }))
          })
          yield* TestClock.adjust("1 hour")
          yield* claimByTheDead(world)
          world.writeLog.length = 0
          const first = yield* after(service.token(world.key()), "42 seconds")
          world.isStoreDown = false

          const second = yield* after(service.token(world.key()), "44 seconds")

          assert.deepStrictEqual(world.writeLog.map(({ state }) => state), ["Renewing", "Indeterminate"])
          assert.strictEqual(reasonOf(first), "StoreUnavailable")
          assert.strictEqual(reasonOf(second), "RenewalPending")
          assert.deepStrictEqual(world.presented, [])
        }))
    })

    it.effect("loses to a revocation, and its pair is revoked too", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "10 seconds" })
        const { service } = yield* loggedIn(world)
        const other = yield* world.process()
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(service.token(world.key()))
        yield* TestClock.adjust("1 second")

        yield* other.service.revoke(world.key())
        yield* TestClock.adjust("20 seconds")
        const exit = yield* Fiber.await(fiber)

        assert.strictEqual(whyOf(exit), "Revoked")
        assert.deepStrictEqual(world.revoked, ["refresh-0", "refresh-1"])
      }))

    it.effect("loses to a new login, and its pair is left to expire", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "10 seconds" })
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")

        world.serial = 100
        yield* world.login(process)
        yield* TestClock.adjust("20 seconds")
        const token = yield* Fiber.join(fiber)

        assert.strictEqual(Redacted.value(token.value), "access-100")
        assert.deepStrictEqual(world.revoked, [])
        assert.isTrue(process.events.some((event) => event._tag === "Overtaken" && event.leftToExpire))
      }))

    it.effect("whose record is gone keeps its pair alive at the server", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "5 seconds" })
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(Effect.exit(process.service.token(world.key())))
        yield* TestClock.adjust("1 second")

        const { grant } = yield* world.standing()
        yield* world.memory.remove(world.key(), grant?.version ?? "")
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.await(fiber)

        assert.deepStrictEqual(world.revoked, [])
      }))

    it.effect("is committed over a record from before it, when the store goes back in time meanwhile [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "5 seconds" })
        const process = yield* loggedIn(world)
        const old = (yield* world.standing()).grant
        yield* TestClock.adjust("1 hour")
        yield* after(process.service.token(world.key()), "10 seconds")
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")
        const claim = (yield* world.standing()).grant
        if (old === undefined || claim === undefined) return assert.fail("no record")
        yield* world.memory.write(claim.version, Grant.draft(old, { now: Date.UTC(2030, 0, 1), writeId: "restored" }))

        yield* TestClock.adjust("20 seconds")
        const exit = yield* Fiber.await(fiber)

        assert.strictEqual(valueOf(exit), "access-2")
        const standing = (yield* world.standing()).grant
        assert.strictEqual(standing === undefined ? 0 : standing.serial, 3)
      }))

    it.effect("is committed over the very record that was claimed, when the store goes back to it meanwhile [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "5 seconds" })
        const restored: { record?: Grant.Grant | undefined } = {}
        const process = yield* world.process({ custody: restoring(restored) })
        yield* world.login(process)
        const { grant } = yield* world.standing()
        yield* TestClock.adjust("1 hour")
        const fiber = yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")
        restored.record = grant

        yield* TestClock.adjust("20 seconds")
        const exit = yield* Fiber.await(fiber)

        assert.strictEqual(valueOf(exit), "access-1")
        const standing = (yield* world.standing()).grant
        assert.strictEqual(standing?.serial, 2)
        assert.strictEqual(standing?.state._tag, "Active")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("of an earlier process of another installation is never followed", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        yield* loggedIn(world)
        const { service } = yield* world.process({ installation: "staging" })
        const served = yield* after(service.token(world.key()))
        yield* TestClock.adjust("1 hour")

        const exit = yield* after(service.token(world.key()))

        assert.strictEqual(valueOf(served), "access-0")
        assert.strictEqual(reasonOf(exit), "RecordReadOnly")
        assert.deepStrictEqual(world.presented, [])
      }))
  })

  describe("refresh", () => {
    it.effect("renews the pair that stands, also where this process knows an older one", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const holder = yield* loggedIn(world)
        const other = yield* world.process({ notified: false })
        yield* other.service.token(world.key())
        yield* after(holder.service.refresh(world.key()))

        const exit = yield* after(other.service.refresh(world.key()))

        assert.strictEqual(valueOf(exit), "access-2")
      }))

    it.effect("renews once for several who ask at once, in several processes", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const processes = [yield* loggedIn(world), yield* world.process()]

        const calls = processes.flatMap(({ service }) => [service.refresh(world.key()), service.refresh(world.key())])
        const exit = yield* after(Effect.all(calls, { concurrency: "unbounded" }))

        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))
  })

  describe("a grant without refresh token", () => {
    it.effect("is not ended by who refreshes, or is refused, while its token lives [I6]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* world.process()
        const { refreshToken: _, ...tokens } = world.tokens(Date.UTC(2030, 0, 1))
        yield* service.adopt(world.key(), tokens)

        const refreshed = yield* after(service.refresh(world.key()))
        const refused = yield* after(service.refused(world.key(), yield* service.token(world.key())))
        const token = yield* after(service.token(world.key()))

        assert.deepStrictEqual([whyOf(refreshed), whyOf(refused)], ["NoRefreshToken", "NoRefreshToken"])
        assert.strictEqual(valueOf(token), "access-0")
      }))
  })

  describe("targets", () => {
    it.effect("have a token each, of one refresh token", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const targets = ["a", "b", "c", "d", "e", "f"].map((name) => Target.make({ resource: `https://${name}.test` }))

        const exit = yield* after(
          Effect.all(targets.map((target) => service.token(world.key(), target)), { concurrency: "unbounded" }),
          "10 seconds"
        )

        assert.strictEqual(
          Exit.isSuccess(exit) ? new Set(exit.value.map(({ value }) => Redacted.value(value))).size : 0,
          6
        )
        assert.deepStrictEqual(world.presented, [0, 1, 2, 3, 4, 5].map((serial) => `refresh-${serial}`))
      }))

    for (const resource of ["api", "https://api.test#a"]) {
      it.effect(`are refused before anything is claimed: ${resource} [8707-2-a] [8707-2-b]`, () =>
        Effect.gen(function*() {
          const world = yield* World.make()
          const { service } = yield* loggedIn(world)
          world.writeLog.length = 0
          const target = Target.make({ resource })
          const token = yield* service.token(world.key())

          const errors = yield* Effect.all([
            Effect.flip(service.token(world.key(), target)),
            Effect.flip(service.refused(world.key(), token, target)),
            Effect.flip(service.bind(world.key(), target).token)
          ])

          assert.deepStrictEqual(errors.map(({ reason }) => reason._tag), Array(3).fill("ConfigurationInvalid"))
          assert.deepStrictEqual([world.presented, world.writeLog], [[], []])
        }))
    }
  })

  describe("refused", () => {
    it.effect("gives the newer token for an older one that came from a refusal", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        yield* after(service.refused(world.key(), yield* service.token(world.key())))
        const second = yield* service.token(world.key())
        yield* after(service.refresh(world.key()))

        const exit = yield* after(service.refused(world.key(), second))

        assert.strictEqual(valueOf(exit), "access-2")
      }))

    it.effect("renews once for all who had the refused token, also the late ones", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const token = yield* service.token(world.key())

        const together = yield* after(
          Effect.all([service.refused(world.key(), token), service.refused(world.key(), token)], {
            concurrency: "unbounded"
          })
        )
        const late = yield* after(service.refused(world.key(), token))

        assert.isTrue(Exit.isSuccess(together))
        assert.strictEqual(valueOf(late), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("adopts what another process got instead of renewing", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const holder = yield* loggedIn(world)
        const other = yield* world.process({ notified: false })
        const token = yield* other.service.token(world.key())
        yield* after(holder.service.refresh(world.key()))

        const exit = yield* after(other.service.refused(world.key(), token))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("does not renew a token that came from a refusal, until the cooldown is over", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const first = yield* service.token(world.key())
        yield* after(service.refused(world.key(), first))
        const second = yield* service.token(world.key())

        const soon = yield* after(service.refused(world.key(), second))
        yield* TestClock.adjust("1 minute")
        const later = yield* after(service.refused(world.key(), second))

        assert.strictEqual(reasonOf(soon), "RefusedAgain")
        assert.strictEqual(valueOf(later), "access-2")
      }))
  })

  describe("revoke", () => {
    it.effect("stops the grant in every process at once where the store notifies [7009-2.2-b]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const other = yield* world.process()
        yield* other.service.token(world.key())

        const outcome = yield* service.revoke(world.key())
        yield* TestClock.adjust("10 millis")
        const exit = yield* after(other.service.token(world.key()))

        assert.strictEqual(outcome, "done")
        assert.strictEqual(whyOf(exit), "Revoked")
      }))

    it.effect("stops the grant within maxStaleness where the store does not notify", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const other = yield* world.process({ notified: false })
        yield* other.service.token(world.key())

        yield* service.revoke(world.key())
        yield* TestClock.adjust("30 seconds")
        const exit = yield* after(other.service.token(world.key()))

        assert.strictEqual(whyOf(exit), "Revoked")
      }))

    it.effect("stops the grant within maxStaleness also while the server is left alone", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          policy: { breakerThreshold: 1, breakerRest: "1 hour", margin: "40 minutes", marginFraction: 0.9, jitter: 0 }
        })
        const { service } = yield* loggedIn(world)
        const other = yield* world.process({ notified: false })
        yield* other.service.adopt(world.key("bob"), world.tokens(Date.UTC(2030, 0, 1)))
        yield* TestClock.adjust("25 minutes")
        world.answers.push(notProcessed())
        yield* after(other.service.refresh(world.key("bob")))
        yield* after(other.service.token(world.key()))

        yield* service.revoke(world.key())
        const exits = yield* Effect.forEach(
          Array.from({ length: 40 }),
          () => after(other.service.token(world.key()), "1 second")
        )

        assert.strictEqual(whyOf(exits.at(-1) ?? Exit.void), "Revoked")
      }))

    it.effect("keeps the revocation to be done while the server is not reached [7009-2.2.1-a]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        world.revocation = "unavailable"

        const first = yield* service.revoke(world.key())
        const exit = yield* after(service.token(world.key()))
        world.revocation = "done"
        const second = yield* service.revoke(world.key())

        assert.strictEqual(first, "pending")
        assert.strictEqual(whyOf(exit), "Revoked")
        assert.strictEqual(second, "done")
        assert.deepStrictEqual(world.revoked, ["refresh-0"])
      }))

    it.effect("is undone by a login, and by nothing else [I8]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* process.service.revoke(world.key())
        const refreshed = yield* after(process.service.refresh(world.key()))

        world.serial = 5
        yield* world.login(process)
        const exit = yield* after(process.service.token(world.key()))

        assert.strictEqual(whyOf(refreshed), "Revoked")
        assert.strictEqual(valueOf(exit), "access-5")
      }))
  })

  describe("closing", () => {
    it.effect("deposits the new pair when the store hangs over its commit [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ policy: { shutdownGrace: "2 seconds" } })
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "hang", "hang", "hang")
        yield* Effect.forkChild(Effect.exit(process.service.token(world.key())))
        yield* TestClock.adjust("300 millis")

        yield* after(process.close, "3 seconds")

        const body = world.deposits[0]?.grant.body
        assert.strictEqual(
          body?._tag === "Open" && body.refreshToken !== undefined && Redacted.value(body.refreshToken),
          "refresh-1"
        )
      }))

    it.effect("tells whoever waits for a renewal that was not begun", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        yield* claimByTheDead(world)
        const fiber = yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")

        yield* after(process.close, "11 seconds")

        assert.strictEqual(reasonOf(yield* Fiber.await(fiber)), "RenewalPending")
      }))

    it.effect("waits for the answer and saves it", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "5 seconds" })
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")

        yield* after(process.close, "10 seconds")

        const { grant } = yield* world.standing()
        assert.strictEqual(grant?.state._tag, "Active")
        assert.strictEqual(grant?.serial, 2)
      }))

    it.effect("leaves the journal when the answer does not come in time", () =>
      Effect.gen(function*() {
        const world = yield* World.make({ latency: "50 seconds" })
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("1 second")

        const exit = yield* after(process.close, "11 seconds")

        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual((yield* world.standing()).grant?.state._tag, "Renewing")
      }))

    it.effect("puts a pair that cannot be saved into escrow, and the next start commits it [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("250 millis")
        world.isStoreDown = true
        yield* after(process.close, "11 seconds")
        const deposited = world.deposits.length
        world.isStoreDown = false

        const next = yield* world.process({ escrow: true })
        const exit = yield* after(next.service.token(world.key()))

        assert.strictEqual(deposited, 1)
        assert.strictEqual(valueOf(exit), "access-1")
        assert.deepStrictEqual(world.deposits, [])
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("puts a pair into escrow that the next start knows for its own, when the store goes back in time after it [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        const before = (yield* world.standing()).grant
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("250 millis")
        world.isStoreDown = true
        yield* after(process.close, "11 seconds")
        world.isStoreDown = false
        const next = yield* world.process({ escrow: true })
        const { grant, now } = yield* world.standing()
        if (before === undefined || grant === undefined) return assert.fail("no record")
        yield* world.memory.write(grant.version, Grant.draft(before, { now, writeId: "restored" }))

        const exit = yield* after(next.service.refresh(world.key()))

        assert.strictEqual(valueOf(exit), "access-2")
        assert.deepStrictEqual(world.presented, ["refresh-0", "refresh-1"])
      }))

    it.effect("leaves a pair in escrow that the next start commits over the record that was claimed, which stands again [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        const { grant } = yield* world.standing()
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("250 millis")
        world.isStoreDown = true
        yield* after(process.close, "11 seconds")
        world.isStoreDown = false

        const next = yield* world.process({ escrow: true, custody: restoring({ record: grant }) })
        const exit = yield* after(next.service.token(world.key()))

        assert.strictEqual(valueOf(exit), "access-1")
        assert.deepStrictEqual(world.deposits, [])
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))
  })

  describe("starting", () => {
    it.effect("presents nothing of a grant whose newest pair is in escrow, however long that takes [I1]", () =>
      Effect.gen(function*() {
        const world = yield* World.make({
          rotation: RotationPolicy.rotating({ window: { duration: "1 hour", idempotent: false } }),
          policy: { persist: Schedule.spaced("5 minutes") }
        })
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("250 millis")
        world.isStoreDown = true
        yield* after(process.close, "11 seconds")

        const next = yield* world.process({ escrow: true })
        world.isStoreDown = false
        const early = yield* after(next.service.token(world.key()), "2 minutes")
        yield* TestClock.adjust("5 minutes")
        const late = yield* after(next.service.token(world.key()))

        assert.strictEqual(reasonOf(early), "StoreUnavailable")
        assert.strictEqual(valueOf(late), "access-1")
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))

    it.effect("commits what is in escrow when the store comes back, and presents nothing else until then [I2]", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ escrow: true })
        yield* world.login(process)
        yield* TestClock.adjust("1 hour")
        world.writes.push("pass", "fail")
        yield* Effect.forkChild(process.service.token(world.key()))
        yield* TestClock.adjust("250 millis")
        world.isStoreDown = true
        yield* after(process.close, "11 seconds")

        const next = yield* world.process({ escrow: true })
        const early = yield* after(next.service.token(world.key()))
        world.isStoreDown = false
        yield* TestClock.adjust("10 seconds")
        const late = yield* after(next.service.token(world.key()))

        assert.strictEqual(reasonOf(early), "StoreUnavailable")
        assert.strictEqual(valueOf(late), "access-1")
        assert.deepStrictEqual(world.deposits, [])
        assert.deepStrictEqual(world.presented, ["refresh-0"])
      }))
  })

  describe("a record that cannot be read", () => {
    it.effect("is not replaced by a login, unless the login says so", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ custody: damaged("1") })
        yield* loggedIn(world)

        const refused = yield* after(world.login(process))
        const taken = yield* after(process.service.adopt(world.key(), world.tokens(0), { unreadable: "set-aside" }))

        assert.strictEqual(reasonOf(refused), "RecordInvalid")
        assert.strictEqual(reasonOf(taken), "success")
        assert.strictEqual((yield* world.standing()).grant?.state._tag, "Active")
        assert.deepStrictEqual(process.events.map(({ _tag }) => _tag), ["SetAside", "Authorized"])
      }))

    it.effect("is not forgotten, unless that is asked for", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process({ custody: damaged("1") })
        yield* loggedIn(world)

        const refused = yield* after(process.service.forget(world.key()))
        const forgotten = yield* after(process.service.forget(world.key(), { unreadable: "set-aside" }))

        assert.strictEqual(reasonOf(refused), "RecordInvalid")
        assert.strictEqual(reasonOf(forgotten), "success")
        assert.isUndefined((yield* world.standing()).grant)
      }))

    it.effect("stays when it has become another one, that can be read, in the meantime", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* world.process({ custody: damaged("another version") })
        yield* loggedIn(world)

        const taken = yield* after(service.adopt(world.key(), world.tokens(0), { unreadable: "set-aside" }))

        assert.strictEqual(reasonOf(taken), "RecordInvalid")
        assert.strictEqual((yield* world.standing()).grant?.version, "1")
      }))
  })

  describe("adopt", () => {
    it.effect("refuses the tokens of somebody else under the same account", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        world.idToken = idToken("ada")
        const process = yield* loggedIn(world)
        world.idToken = idToken("bob")

        const error = yield* Effect.flip(world.login(process))

        assert.strictEqual(error.reason._tag, "ResponseInvalid")
        assert.deepStrictEqual(world.revoked, [])
      }))

    it.effect("refuses keys of another provider, server or client, or made by hand, as does everything else", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const { service } = yield* loggedIn(world)
        const own = world.key("another account")
        const { account, client, issuer, provider } = own
        const foreign = [
          GrantKey.make({ provider: "other", issuer, client, account }),
          GrantKey.make({ provider, issuer: "https://other.test", client, account }),
          GrantKey.make({ provider, issuer, client: "other", account }),
          // made by hand
          { ...own, id: `${own.id}%` },
          { ...own, id: account },
          { ...own, id: own.id.toLowerCase() },
          { ...own, id: GrantKey.make({ provider, issuer, client: "other", account }).id }
        ]

        for (const key of foreign) {
          const calls: ReadonlyArray<Effect.Effect<unknown, OAuthError.OAuthError>> = [
            service.token(key),
            service.bind(key).token,
            service.refresh(key),
            service.revoke(key)
          ]
          for (const call of calls) {
            assert.strictEqual(reasonOf(yield* Effect.exit(call)), "ConfigurationInvalid")
          }
        }
        assert.strictEqual(world.presented.length, 0)
      }))

    it.effect("waits for a store that is down", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* world.process()
        world.writes.push("fail", "fail")

        const exit = yield* after(world.login(process), "5 seconds")

        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual((yield* world.standing()).grant?.state._tag, "Active")
      }))

    it.effect("leaves what others have renewed since an unanswered write was accepted", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        const { write } = world.memory
        const followed: typeof write = (expected, draft) =>
          Effect.gen(function*() {
            Object.assign(world.memory, { write })
            const { grant } = yield* write(expected, draft)
            const renewed = { ...draft, writeId: "theirs", serial: 2, body: pair("their") }
            yield* write(grant?.version, renewed)
            return yield* Effect.fail(
              OAuthError.make("TokenStore", "write", new OAuthError.StoreUnavailable({ store: "", problem: "timeout" }))
            )
          })
        Object.assign(world.memory, { write: followed })

        yield* after(world.login(process))

        assert.strictEqual((yield* world.standing()).grant?.writeId, "theirs")
      }))
  })
})

/** Makes a store that cannot read its record while there is one, and says that it has this version. */
const damaged = (version: string) =>
  Layer.effect(
    TokenStore.TokenStore,
    Effect.map(TokenStore.TokenStore, (store) => {
      let isDamaged = true
      const reason = new OAuthError.RecordInvalid({ store: "memory", problem: "damaged", version })
      return {
        ...store,
        read: (key: GrantKey.GrantKey) =>
          Effect.flatMap(store.read(key), (reading) =>
            isDamaged && reading.grant !== undefined
              ? Effect.fail(OAuthError.make("TokenStore", "read", reason))
              : Effect.succeed(reading)),
        setAside: (key: GrantKey.GrantKey, version: string) =>
          Effect.tap(store.setAside(key, version), ({ accepted }) =>
            Effect.sync(() => {
              if (accepted) isDamaged = false
            }))
      }
    })
  )

const loggedIn = Effect.fnUntraced(function*(world: World) {
  const process = yield* world.process()
  yield* world.login(process)
  return process
})

// Writes the claim of a process that dies before it sends anything.
const claimByTheDead = Effect.fnUntraced(function*(world: World) {
  const { grant, now } = yield* world.standing()
  if (grant === undefined) return assert.fail("no record")
  yield* world.memory.write(grant.version, {
    ...Grant.draft(grant, { now, writeId: "the dead" }),
    state: { _tag: "Renewing", holder: "the dead", presented: "digest", startedAt: now, settle: 10_000, attempt: 1 },
    leaseFor: Duration.toMillis("30 seconds")
  })
})

const window = (duration: Duration.Input, idempotent = true) =>
  RotationPolicy.rotating({ window: { duration, idempotent } })

// A renewal that waits for its answer, while another process has claimed the grant to present the token once more.
const repeated = Effect.fnUntraced(function*({ idempotent }: { readonly idempotent: boolean }) {
  const world = yield* World.make({ latency: "20 seconds", rotation: window("10 minutes", idempotent) })
  const process = yield* loggedIn(world)
  yield* TestClock.adjust("1 hour")
  const fiber = yield* Effect.forkChild(process.service.token(world.key()))
  yield* TestClock.adjust("5 seconds")
  const { grant, now } = yield* world.standing()
  if (grant?.state._tag !== "Renewing") return assert.fail("not as expected")
  const repeat = {
    ...Grant.draft(grant, { now, writeId: "theirs" }),
    state: { ...grant.state, holder: "theirs", attempt: 2 },
    leaseFor: Duration.toMillis("30 seconds")
  }
  yield* world.memory.write(grant.version, repeat)
  return { fiber, process, repeat, world }
})

const pair = (name: string): Grant.Open => ({
  _tag: "Open",
  accessTokens: [{
    target: "",
    value: Redacted.make(`access-${name}`),
    type: "Bearer",
    issuedAt: Date.UTC(2030, 0, 1, 1),
    expiresAt: Date.UTC(2030, 0, 1, 2)
  }],
  refreshToken: Redacted.make(`refresh-${name}`)
})

const idToken = (sub: string): string => `e30.${Buffer.from(JSON.stringify({ sub })).toString("base64url")}.sig`

const whyOf = (exit: Exit.Exit<unknown, OAuthError.OAuthError>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
  const reason = failure?.error.reason
  return reason?._tag === "ReauthorizationRequired" ? reason.why : reason?._tag ?? "not a failure"
}

// A store that was restored to a record: it stands there as it was, under the version that it had.
const restoring = (restored: { record?: Grant.Grant | undefined }) =>
  around((store) => ({
    ...store,
    read: (key) => Effect.map(store.read(key), (reading) => ({ ...reading, grant: restored.record ?? reading.grant })),
    write: (expected, draft) => {
      const { record } = restored
      const key = GrantKey.fromId(draft.key)
      if (record === undefined || key === undefined) return store.write(expected, draft)
      return Effect.flatMap(store.read(key), ({ grant, now }) => {
        if (record.version !== expected) return Effect.succeed({ now, accepted: false, grant: record })
        restored.record = undefined
        return store.write(grant?.version, draft)
      })
    }
  }))

// A store into which somebody else writes a record, when it is about to be given a newer one.
const preceded = (other: { record?: Grant.Grant | undefined }) =>
  around((store) => ({
    ...store,
    write: (expected, draft) => {
      const { record } = other
      if (record === undefined || draft.serial <= record.serial) return store.write(expected, draft)
      other.record = undefined
      const theirs = Grant.draft(record, { now: 0, writeId: "theirs" })
      return Effect.andThen(store.write(expected, theirs), store.write(expected, draft))
    }
  }))

const around = (change: (store: TokenStore.TokenStore["Service"]) => TokenStore.TokenStore["Service"]) =>
  Layer.effect(TokenStore.TokenStore, Effect.map(TokenStore.TokenStore, change))
