/** What eight processes show on each kind of store. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Settings from "../../src/Settings.ts"
import * as Store from "../../src/Store.ts"
import type * as Way from "../../src/Way.ts"
import { Stage, until } from "./Stage.ts"

const places = Array.from({ length: Settings.processes }, (_, place) => place)

// what stops a store or a process would disturb the others, but not those on another store
const concurrently = { concurrent: true }
const options = { timeout: 600_000, concurrent: false }

/** Defines the tests on a kind of store, which is taken away in each of these manners. */
export const eightProcesses = (kind: Way.Kind, manners: ReadonlyArray<number>): void => {
  const missing = Store.missing(kind)
  if (missing !== undefined) process.stderr.write(`SKIPPED: eight processes on ${kind}: ${missing}.\n`)

  describe.skipIf(missing !== undefined)(`eight processes on ${kind}`, concurrently, () => {
    describe("", options, () => {
      it.layer(Stage.layer(kind), { excludeTestServices: true, timeout: 600_000 })((it) => {
        it.effect("renew an ended grant by one token request for 1,000 callers in each [I5]", () =>
          Effect.gen(function*() {
            const { login, presentations, tell } = yield* Stage
            const account = "strict-callers"
            yield* login(account, "earlier")

            const answers = yield* Effect.all(
              // who has to wait too long on a busy machine asks again
              places.map((place) =>
                Effect.repeat(tell(place, { do: "token", account, callers: 1_000 }), {
                  until: ({ failures }) => failures.length === 0
                })
              ),
              { concurrency: "unbounded" }
            )

            assert.lengthOf(new Set(answers.flatMap(({ tokens }) => tokens)), 1)
            assert.strictEqual(presentations(account), 1)
          }))

        // the sooner another looks, the longer it has until the token may be presented again
        for (
          const [length, pause] of [["its lease", 3_300], ["its lease and the limit of a request", 5_300]] as const
        ) {
          it.effect(`keep the pair of a holder that was stopped for longer than ${length}, where nobody followed`, () =>
            Effect.gen(function*() {
              const { live, login, presentations, server, signal, standing, tell } = yield* Stage
              const account = `strict-stopped-${pause}`
              yield* login(account, "earlier")
              const held = server.hold(account, "after")
              const renewal = yield* Effect.forkChild(tell(0, { do: "token", account }))
              yield* Effect.promise(() => held.arrived)

              yield* signal(0, "SIGSTOP")
              held.release()
              yield* Effect.sleep(pause)
              const meanwhile = yield* tell(1, { do: "token", account })
              yield* signal(0, "SIGCONT")
              yield* Fiber.join(renewal)
              yield* until(Effect.map(standing(account), ({ state }) => state === "Active"))

              assert.deepStrictEqual(meanwhile.failures, ["RenewalPending"])
              assert.strictEqual((yield* standing(account)).token, live(account))
              assert.strictEqual(presentations(account), 1)
            }))
        }

        it.effect("do not let a holder that was stopped overwrite the pair of those who followed", () =>
          Effect.gen(function*() {
            const { ledger, live, login, server, signal, standing, tell } = yield* Stage
            const account = "windowed-overtaken"
            yield* login(account, "earlier")
            const held = server.hold(account, "after")
            const renewal = yield* Effect.forkChild(tell(0, { do: "token", account }))
            yield* Effect.promise(() => held.arrived)

            yield* signal(0, "SIGSTOP")
            held.release()
            const followed = yield* tell(1, { do: "token", account })
            const newer = yield* tell(1, { do: "refresh", account })
            yield* signal(0, "SIGCONT")
            yield* Fiber.join(renewal)
            // it may have to find its way to the store first
            yield* until(
              Effect.map(tell(0, { do: "token", account }), ({ tokens }) => tokens.join() === newer.tokens.join())
            )

            assert.deepStrictEqual([followed.failures, newer.failures], [[], []])
            assert.strictEqual((yield* standing(account)).token, live(account))
            assert.strictEqual(ledger.newest(account)?.tokens.length, 3)
          }))

        for (const chance of manners) {
          it.effect(`save a fresh pair before anyone presents the old token, after an outage of all (${chance})`, () =>
            Effect.gen(function*() {
              const { events, live, login, presentations, server, standing, store, tell } = yield* Stage
              const account = `strict-outage-${chance}`
              yield* login(account, "earlier")
              const held = server.hold(account, "after")
              const renewal = yield* Effect.forkChild(tell(0, { do: "token", account }))
              yield* Effect.promise(() => held.arrived)

              yield* store.down(chance)
              held.release()
              yield* Fiber.join(renewal)
              yield* Effect.sleep(Settings.lease + Settings.settle)
              const others = yield* Effect.forkChild(
                Effect.all(
                  places.slice(1).map((place) =>
                    until(Effect.map(tell(place, { do: "token", account }), ({ failures }) => failures.length === 0))
                  ),
                  { concurrency: "unbounded" }
                )
              )
              yield* store.up
              yield* Fiber.join(others)

              yield* until(Effect.sync(() => events(0, account).includes("Saved")))

              assert.include(events(0, account), "Unsaved")
              assert.strictEqual((yield* standing(account)).token, live(account))
              assert.strictEqual(presentations(account), 1)
            }))
        }

        it.effect("serve a valid token while the store is down, and save the pair that came meanwhile [I2, I7]", () =>
          Effect.gen(function*() {
            const { live, login, server, standing, store, tell } = yield* Stage
            const account = "strict-served"
            yield* login(account, "now")
            const before = yield* tell(0, { do: "token", account })
            const held = server.hold(account, "after")
            const renewal = yield* Effect.forkChild(tell(0, { do: "refresh", account }))
            yield* Effect.promise(() => held.arrived)

            yield* store.down(0.1)
            const served = yield* tell(0, { do: "token", account })
            held.release()
            const renewed = yield* Fiber.join(renewal)
            const afterwards = yield* tell(0, { do: "token", account })
            yield* store.up
            yield* until(Effect.map(standing(account), ({ token }) => token === live(account)))

            assert.deepStrictEqual(served.tokens, before.tokens)
            assert.deepStrictEqual(afterwards.tokens, renewed.tokens)
            assert.notDeepEqual(renewed.tokens, before.tokens)
          }))

        it.effect("let a revocation in the middle of a renewal win, and leave no token of it alive", () =>
          Effect.gen(function*() {
            const { events, live, login, server, standing, tell } = yield* Stage
            const account = "strict-revoked"
            yield* login(account, "earlier")
            const held = server.hold(account, "after")
            const renewal = yield* Effect.forkChild(tell(0, { do: "token", account }))
            yield* Effect.promise(() => held.arrived)

            const revoked = yield* tell(1, { do: "revoke", account })
            held.release()
            const renewed = yield* Fiber.join(renewal)
            yield* until(Effect.sync(() => events(0, account).length > 1))

            assert.deepStrictEqual(revoked.tokens, ["done"])
            assert.deepStrictEqual(renewed.failures, ["ReauthorizationRequired"])
            assert.strictEqual((yield* standing(account)).state, "Revoked")
            assert.isUndefined(live(account))
            assert.deepStrictEqual(events(0, account), ["Authorized", "Overtaken"])
          }))

        it.effect("let a login in the middle of a renewal win, and count the pair that is left to expire", () =>
          Effect.gen(function*() {
            const { events, live, login, server, standing, tell } = yield* Stage
            const account = "strict-again"
            yield* login(account, "earlier")
            const held = server.hold(account, "after")
            const renewal = yield* Effect.forkChild(tell(0, { do: "token", account }))
            yield* Effect.promise(() => held.arrived)

            const pair = yield* Effect.promise(() => server.login(account))
            yield* tell(1, { do: "login", account, pair })
            held.release()
            const renewed = yield* Fiber.join(renewal)
            yield* until(Effect.sync(() => events(0, account).length > 1))

            assert.deepStrictEqual(renewed.tokens, [pair.access_token])
            assert.strictEqual((yield* standing(account)).token, live(account))
            assert.deepStrictEqual(events(0, account), ["Authorized", "Overtaken, left to expire"])
          }))
      })
    })
  })
}
