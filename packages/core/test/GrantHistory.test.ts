import { GrantHistory } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { after, notProcessed, type Process, refused, World } from "./support/World.ts"

describe("GrantHistory", () => {
  describe("fromText", () => {
    it("gives back lines in the order in which they were written", () => {
      const lines = [
        GrantHistory.toLine(GrantHistory.note("Renewed", "node-2", "Expiring"), { serial: 2, at: 2000.7 }),
        GrantHistory.toLine(GrantHistory.note("Authorized", "node-1"), { serial: 1, at: 1000 })
      ]

      assert.deepStrictEqual(GrantHistory.fromText(lines.map((line) => `${line}\n`).join("")), [
        { at: 1000, serial: 1, what: "Authorized", by: "node-1" },
        { at: 2000, serial: 2, what: "Renewed", by: "node-2", why: "Expiring" }
      ])
    })

    it("leaves out a line that was cut off", () => {
      assert.deepStrictEqual(
        GrantHistory.fromText("2000 2 Renewed node-2\n1000 1 Authorized nod").map(({ by }) => by),
        ["node-2"]
      )
    })
  })

  describe("toText", () => {
    it("keeps a word of any text one word of ASCII", () => {
      assert.strictEqual(GrantHistory.toText({ what: "a b\nc", by: "é😀", why: "" }, 1), "1 a_b_c ___ _")
    })
  })

  describe("what TokenService notes", () => {
    it.effect("a login, a claim and what became of it, and by whom", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* TestClock.adjust("1 hour")

        yield* after(process.service.token(world.key()))

        const history = yield* world.memory.history(world.key())
        assert.deepStrictEqual(history.map(({ serial, what, why }) => [what, why, serial]), [
          ["Authorized", undefined, 1],
          ["Claimed", "Expiring", 1],
          ["Renewed", "Expiring", 2]
        ])
        assert.strictEqual(new Set(history.map(({ by }) => by)).size, 1)
      }))

    it.effect("the reason why a renewal failed", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        world.answers.push(notProcessed("1 minute"))

        yield* after(process.service.refresh(world.key()))

        assert.deepStrictEqual(yield* said(world), [
          ["Authorized", undefined],
          ["Claimed", "Forced"],
          ["RenewalFailed", "ServerUnavailable"]
        ])
      }))

    it.effect("a lost answer, and who tried again", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        world.answers.push("drop")
        yield* after(process.service.refresh(world.key()))
        yield* TestClock.adjust("2 hours")

        yield* after(process.service.token(world.key()), "1 minute")

        assert.deepStrictEqual(yield* said(world), [
          ["Authorized", undefined],
          ["Claimed", "Forced"],
          ["Indeterminate", "AnswerLost"],
          ["Claimed", "attempt-2"],
          ["Renewed", "Expiring"]
        ])
      }))

    it.effect("the end of a grant, and its revocation here and at the server", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        world.answers.push(refused("invalid_grant"))
        yield* after(process.service.refresh(world.key()))

        yield* process.service.revoke(world.key())

        assert.deepStrictEqual(yield* said(world), [
          ["Authorized", undefined],
          ["Claimed", "Forced"],
          ["Ended", "GrantRejected"],
          ["Revoked", "pending"],
          ["Revoked", "done"]
        ])
      }))

    it.effect("a pair that the store did not take at first", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        world.writes.push("pass", "fail", "fail")

        yield* after(process.service.refresh(world.key()), "1 minute")

        assert.deepStrictEqual((yield* said(world)).slice(1), [["Claimed", "Forced"], ["Saved", "Renewed"]])
      }))

    it.effect("no token", () =>
      Effect.gen(function*() {
        const world = yield* World.make()
        const process = yield* loggedIn(world)
        yield* after(process.service.refresh(world.key()))
        yield* process.service.revoke(world.key())

        const history = JSON.stringify(yield* world.memory.history(world.key()))

        assert.notMatch(history, /access-|refresh-/)
      }))
  })
})

const loggedIn = (world: World) =>
  Effect.gen(function*() {
    const process: Process = yield* world.process()
    yield* world.login(process)
    return process
  })

const said = (world: World) =>
  Effect.map(
    world.memory.history(world.key()),
    (lines) => lines.map(({ what, why }): readonly [string, string | undefined] => [what, why])
  )
