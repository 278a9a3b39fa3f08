/** What nodes on one store know of each other's renewals, logins and revocations. */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { type Law, law, login, node, requests, silent, standing, type Store, until } from "./nodes.ts"

const ways: ReadonlyArray<readonly [name: string, hear: (store: Store) => Store]> = [
  ["as the store tells of it", (store) => store],
  ["within maxStaleness, where no store tells", silent]
]

export const laws: ReadonlyArray<Law> = [
  ...ways.flatMap(([when, hear]) => [
    law(`a token that one node has renewed is served by another, ${when}`, (open) =>
      Effect.gen(function*() {
        const [a, b] = [yield* node("a", yield* open), yield* node("b", hear(yield* open))]
        const key = yield* login(a.service)
        yield* b.service.token(key)

        const renewed = yield* a.service.refresh(key)

        yield* until(b.service.token(key), ({ value }) => Redacted.value(value) === Redacted.value(renewed.value))
        assert.deepStrictEqual(yield* requests, ["a"])
      })),

    law(`the tokens of a login on one node are served by another, ${when}`, (open) =>
      Effect.gen(function*() {
        const [a, b] = [yield* node("a", yield* open), yield* node("b", hear(yield* open))]
        const key = yield* login(a.service)
        yield* b.service.token(key)

        yield* login(a.service)
        const newest = yield* a.service.token(key)

        yield* until(b.service.token(key), ({ value }) => Redacted.value(value) === Redacted.value(newest.value))
        assert.deepStrictEqual(yield* requests, [])
      })),

    law(`a grant that one node has revoked stops on another, ${when}`, (open) =>
      Effect.gen(function*() {
        const [a, b] = [yield* node("a", yield* open), yield* node("b", hear(yield* open))]
        const key = yield* login(a.service)
        yield* b.service.token(key)

        yield* a.service.revoke(key)

        const end = yield* until(reasonOf(b.service.token(key)), (reason) => reason !== "served")
        assert.strictEqual(end, "ReauthorizationRequired")
      })),

    law(`a grant of which one node was told that it ended stops on another, ${when}`, (open) =>
      Effect.gen(function*() {
        const [a, b] = [yield* node("a", yield* open), yield* node("b", hear(yield* open))]
        const key = yield* login(a.service)
        yield* b.service.token(key)

        yield* a.service.ended(key)

        const end = yield* until(reasonOf(b.service.token(key)), (reason) => reason !== "served")
        assert.strictEqual(end, "ReauthorizationRequired")
      })),

    law(`a grant that one node has forgotten is served by none, ${when}`, (open) =>
      Effect.gen(function*() {
        const [a, b] = [yield* node("a", yield* open), yield* node("b", hear(yield* open))]
        const key = yield* login(a.service)
        yield* b.service.token(key)

        yield* a.service.forget(key)

        const end = yield* until(reasonOf(b.service.token(key)), (reason) => reason !== "served")
        assert.strictEqual(end, "ReauthorizationRequired")
      }))
  ]),

  law(
    "a token that one node has renewed is another's answer to its first 401, without a request",
    (open) =>
      Effect.gen(function*() {
        const a = yield* node("a", yield* open)
        // it will not hear of it for an hour
        const b = yield* node("b", silent(yield* open), { maxStaleness: "1 hour" })
        const key = yield* login(a.service)
        const before = yield* b.service.token(key)
        const renewed = yield* a.service.refresh(key)
        const stale = yield* b.service.token(key)

        const after = yield* b.service.refused(key, before)

        assert.strictEqual(Redacted.value(stale.value), Redacted.value(before.value))
        assert.strictEqual(Redacted.value(after.value), Redacted.value(renewed.value))
        assert.deepStrictEqual(yield* requests, ["a"])
      })
  ),

  law("nodes that are refused the same token renew it once", (open) =>
    Effect.gen(function*() {
      const nodes = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.flatMap(open, (store) => node(name, store)))
      const key = yield* login(nodes[0]!.service)
      const tokens = yield* Effect.forEach(nodes, ({ service }) => service.token(key))

      const renewed = yield* Effect.forEach(nodes, ({ service }, i) => service.refused(key, tokens[i]!), {
        concurrency: "unbounded"
      })

      assert.lengthOf(yield* requests, 1)
      assert.strictEqual(new Set(renewed.map(({ value }) => Redacted.value(value))).size, 1)
    })),

  law("an ended token is renewed by one node for all", (open) =>
    Effect.gen(function*() {
      const nodes = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.flatMap(open, (store) => node(name, store)))
      const key = yield* login(nodes[0]!.service, "earlier")

      const tokens = yield* Effect.all(
        nodes.flatMap(({ service }) => Array.from({ length: 20 }, () => service.token(key))),
        { concurrency: "unbounded" }
      )

      assert.lengthOf(yield* requests, 1)
      assert.strictEqual(new Set(tokens.map(({ value }) => Redacted.value(value))).size, 1)
    })),

  law("a renewal under way does not survive a revocation on another node", (open) =>
    Effect.gen(function*() {
      const [a, b] = [yield* node("a", yield* open), yield* node("b", yield* open)]
      const key = yield* login(a.service, "earlier")
      const held = yield* a.hold

      const renewal = yield* Effect.forkChild(reasonOf(a.service.token(key)))
      yield* held.arrived
      yield* b.service.revoke(key)
      yield* held.release

      assert.strictEqual(yield* Fiber.join(renewal), "ReauthorizationRequired")
      assert.strictEqual((yield* standing(b.store, key)).state._tag, "Revoked")
      assert.strictEqual(yield* reasonOf(a.service.token(key)), "ReauthorizationRequired")
    }))
]

const reasonOf = <A, E extends { readonly reason: { readonly _tag: string } }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, { onSuccess: () => "served", onFailure: ({ reason }) => reason._tag })
