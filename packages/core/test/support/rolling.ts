/**
 * A rolling deployment: nodes of an older and of a newer version of the library on one store.
 *
 * The newer version is this one behind a store that writes the next format, with members that this one does not know,
 * and takes it for its own. Nodes without it are the older version.
 */
import { Grant } from "@effect-oauth/core"
import { Fault, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import { type Law, law, login, node, requests, standing, type Store, until } from "./nodes.ts"

export const laws: ReadonlyArray<Law> = [
  law("an older node serves what a newer one has written", (open) =>
    Effect.gen(function*() {
      const [older, newer] = [yield* node("older", yield* open), yield* node("newer", ofNext(yield* open))]
      const key = yield* login(newer.service)

      const tokens = [yield* older.service.token(key), yield* newer.service.token(key)]

      assert.strictEqual(Redacted.value(tokens[0]!.value), Redacted.value(tokens[1]!.value))
      assert.strictEqual((yield* standing(older.store, key)).format, Grant.format + 1)
    })),

  law("an older node writes nothing over what a newer one has written, and says so", (open) =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const [older, newer] = [yield* node("older", yield* open), yield* node("newer", ofNext(yield* open))]
      const key = yield* login(newer.service, "earlier")
      const before = yield* standing(older.store, key)
      const tokens = yield* server.issue()

      const errors = yield* Effect.forEach([
        older.service.token(key),
        older.service.refresh(key),
        older.service.revoke(key),
        older.service.ended(key),
        older.service.forget(key),
        older.service.adopt(key, tokens)
      ], (attempt) => Effect.flip(Effect.asVoid(attempt)))

      assert.deepStrictEqual(errors.map(({ reason }) => reason._tag === "RecordReadOnly" ? reason.why : reason._tag), [
        "newer-format",
        "newer-format",
        "newer-format",
        "newer-format",
        "newer-format",
        "newer-format"
      ])
      assert.strictEqual((yield* standing(older.store, key)).version, before.version)
      assert.deepStrictEqual(yield* requests, [])
    })),

  law(
    "a newer node serves what an older one has written, and upgrades it with its next write",
    (open) =>
      Effect.gen(function*() {
        const [older, newer] = [yield* node("older", yield* open), yield* node("newer", ofNext(yield* open))]
        const key = yield* login(older.service)

        yield* newer.service.token(key)
        const served = yield* standing(older.store, key)
        const renewed = yield* newer.service.refresh(key)
        const upgraded = yield* standing(older.store, key)

        assert.deepStrictEqual([served.format, upgraded.format], [Grant.format, Grant.format + 1])
        assert.strictEqual(noveltyOf(upgraded), "written by the newer")
        yield* until(older.service.token(key), ({ value }) => Redacted.value(value) === Redacted.value(renewed.value))
      })
  ),

  law(
    "a grant whose token ends during the deployment is renewed by the newer node for both",
    (open) =>
      Effect.gen(function*() {
        const [older, newer] = [yield* node("older", yield* open), yield* node("newer", ofNext(yield* open))]
        const key = yield* login(newer.service, "earlier")
        yield* Effect.exit(older.service.token(key))

        const renewed = yield* newer.service.token(key)
        const served = yield* until(
          Effect.exit(older.service.token(key)),
          (exit) => exit._tag === "Success" && Redacted.value(exit.value.value) === Redacted.value(renewed.value)
        )

        assert.strictEqual(served._tag, "Success")
        assert.deepStrictEqual(yield* requests, ["newer"])
      })
  ),

  law(
    "an older node that was renewing when the newer one came keeps its pair, and both serve it",
    (open) =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const [older, newer] = [yield* node("older", yield* open), yield* node("newer", ofNext(yield* open))]
        const key = yield* login(older.service, "earlier")
        yield* server.inject(Fault.slow({ request: "300 millis", answer: "300 millis" }))

        const first = yield* Effect.forkChild(older.service.token(key))
        yield* until(standing(older.store, key), ({ state }) => state._tag === "Renewing")
        const second = yield* newer.service.token(key)

        assert.strictEqual(Redacted.value(second.value), Redacted.value((yield* Fiber.join(first)).value))
        assert.deepStrictEqual(yield* requests, ["older"])
      })
  ),

  law("an older node that is replaced by a newer one goes on where the grant stands", (open) =>
    Effect.gen(function*() {
      const newer = yield* node("newer", ofNext(yield* open))
      const key = yield* login(newer.service, "earlier")
      const refused = yield* Effect.scoped(Effect.gen(function*() {
        const older = yield* node("older", yield* open)
        return yield* Effect.flip(older.service.token(key))
      }))

      const replaced = yield* node("replaced", ofNext(yield* open))
      yield* replaced.service.token(key)

      assert.strictEqual(refused.reason._tag, "RecordReadOnly")
      assert.deepStrictEqual(yield* requests, ["replaced"])
    })),

  law("members that a later version has added within the format survive a renewal", (open) =>
    Effect.gen(function*() {
      const { service, store } = yield* node("a", yield* open)
      const key = yield* login(service)
      const grant = yield* standing(store, key)
      const { now } = yield* store.read(key)
      const body = grant.body._tag === "Open" ? grant.body : assert.fail("sealed")
      const other = { target: "https://api.test/", value: Redacted.make("other"), type: "Bearer", issuedAt: now }
      yield* store.write(grant.version, {
        ...withNovelty(Grant.draft(grant, { now, writeId: "later" }), { of: ["the", "head"] }),
        body: { ...withNovelty(body, 1), accessTokens: [...body.accessTokens, withNovelty(other, null)] }
      })

      yield* until(
        Effect.exit(service.refresh(key)),
        (exit) => exit._tag === "Success"
      )
      const renewed = yield* standing(store, key)

      assert.strictEqual(renewed.serial, 2)
      assert.deepStrictEqual(noveltyOf(renewed), { of: ["the", "head"] })
      assert.strictEqual(noveltyOf(renewed.body), 1)
      assert.isNull(noveltyOf(Grant.accessToken(renewed, other.target)))
    }))
]

const withNovelty = <A extends object>(value: A, novelty: unknown): A => Object.assign({ ...value }, { novelty })

const noveltyOf = (value: object | undefined): unknown =>
  value !== undefined && "novelty" in value ? value.novelty : undefined

/** The store as a version of the library sees it that writes the next format. */
const ofNext = (store: Store): Store => {
  const down = (draft: Grant.Draft): Grant.Draft => ({
    ...withNovelty(draft, "written by the newer"),
    format: Grant.format + 1,
    body: draft.body._tag === "Open" ? withNovelty(draft.body, "written by the newer") : draft.body
  })
  const up = <A extends { readonly format: number }>(head: A): A => ({
    ...head,
    format: head.format === Grant.format + 1 ? Grant.format : head.format
  })
  const reading = <A extends { readonly grant: Grant.Grant | undefined }>(found: A): A =>
    found.grant === undefined ? found : { ...found, grant: up(found.grant) }
  return {
    ...store,
    read: (key) => Effect.map(store.read(key), reading),
    write: (expected, draft) => Effect.map(store.write(expected, down(draft)), reading),
    extend: (key, options) => Effect.map(store.extend(key, options), reading),
    remove: (key, version) => Effect.map(store.remove(key, version), reading),
    due: (options) => Effect.map(store.due(options), (page) => ({ ...page, heads: page.heads.map(up) })),
    list: (options) => Effect.map(store.list(options), (page) => ({ ...page, heads: page.heads.map(up) }))
  }
}
