import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import * as Node from "./support/Node.ts"
import * as Postgres from "./support/postgres.ts"

describe.skipIf(Postgres.isMissing)("nodes with one Postgres", () => {
  it.live("renew an ended grant once for 1,000 callers in each of four [I5]", () =>
    Effect.gen(function*() {
      const { grants: table } = yield* Postgres.Tables
      const nodes = yield* Effect.all([
        Node.make({ name: "a", table }),
        Node.make({ name: "b", table }),
        Node.make({ name: "c", table }),
        Node.make({ name: "d", table })
      ], { concurrency: "unbounded" })
      const key = yield* Node.login(nodes[0].service, "earlier")

      const calls = nodes.flatMap(({ service }) => Array.from({ length: 1000 }, () => service.token(key)))
      const tokens = yield* Effect.all(calls, { concurrency: "unbounded" })

      assert.lengthOf(yield* Node.requests, 1)
      assert.strictEqual(new Set(tokens.map(({ value }) => Redacted.value(value))).size, 1)
    }).pipe(withServer))

  it.live("renew by two round trips: the claim and the commit", () =>
    Effect.gen(function*() {
      const { grants: table } = yield* Postgres.Tables
      const { service, statements } = yield* Node.make({ name: "a", table })
      const key = yield* Node.login(service, "earlier")
      statements.length = 0

      yield* service.token(key)

      assert.deepStrictEqual(statements.map((text) => text.split(" ")[0]), ["UPDATE", "UPDATE"])
    }).pipe(withServer))

  it.live("hold no connection and no transaction while the token endpoint is called", () =>
    Effect.gen(function*() {
      const { grants: table, sql } = yield* Postgres.Tables
      const { hold, service, store } = yield* Node.make({ name: table, table })
      const key = yield* Node.login(service, "earlier")
      const held = yield* hold

      const renewal = yield* Effect.forkChild(service.token(key))
      yield* held.arrived
      const { grant } = yield* store.read(key)
      const busy = yield* sql`SELECT state, query FROM pg_stat_activity
        WHERE application_name = ${table} AND (xact_start IS NOT NULL OR state <> 'idle')`
      const locks = yield* sql`SELECT 1 FROM pg_locks WHERE relation = ${table}::regclass AND pid <> pg_backend_pid()`

      assert.strictEqual(grant?.state._tag, "Renewing")
      assert.deepStrictEqual(busy, [])
      assert.deepStrictEqual(locks, [])
      yield* held.release
      yield* Fiber.join(renewal)
    }).pipe(withServer))

  it.live("use what another has renewed, without a request", () =>
    Effect.gen(function*() {
      const { grants: table } = yield* Postgres.Tables
      const [a, b] = [yield* Node.make({ name: "a", table }), yield* Node.make({ name: "b", table })]
      const key = yield* Node.login(a.service)
      const before = yield* b.service.token(key)

      const renewed = yield* a.service.refresh(key)
      const { grant } = yield* a.store.read(key)
      yield* Node.until(() =>
        b.changes.some((change) => change._tag === "Changed" && change.version === grant?.version)
      )
      const after = yield* b.service.token(key)

      assert.notStrictEqual(Redacted.value(after.value), Redacted.value(before.value))
      assert.strictEqual(Redacted.value(after.value), Redacted.value(renewed.value))
      assert.deepStrictEqual(yield* Node.requests, ["a"])
    }).pipe(withServer))

  it.live("stop where another has revoked", () =>
    Effect.gen(function*() {
      const { grants: table } = yield* Postgres.Tables
      const [a, b] = [yield* Node.make({ name: "a", table }), yield* Node.make({ name: "b", table })]
      const key = yield* Node.login(a.service)
      yield* b.service.token(key)

      yield* a.service.revoke(key)
      const { grant } = yield* a.store.read(key)
      yield* Node.until(() =>
        b.changes.some((change) => change._tag === "Changed" && change.version === grant?.version)
      )
      const error = yield* Effect.flip(b.service.token(key))

      assert.strictEqual(error.reason._tag, "ReauthorizationRequired")
    }).pipe(withServer))

  it.live("look at every grant again after their notifications were cut", () =>
    Effect.gen(function*() {
      const { grants: table, sql } = yield* Postgres.Tables
      const [a, b] = [yield* Node.make({ name: "a", table }), yield* Node.make({ name: "b", table })]
      const key = yield* Node.login(a.service)
      yield* b.service.token(key)
      b.changes.length = 0

      const killed = yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = ${`changes of ${table}`}`
      const renewed = yield* a.service.refresh(key)
      yield* Node.until(() => b.changes.filter(({ _tag }) => _tag === "Gap").length >= 2)
      const after = yield* b.service.token(key)

      assert.lengthOf(killed, 2)
      assert.strictEqual(Redacted.value(after.value), Redacted.value(renewed.value))
      assert.deepStrictEqual(yield* Node.requests, ["a"])
    }).pipe(withServer))

  it.live("are notified again after their notifications were cut", () =>
    Effect.gen(function*() {
      const { grants: table, sql } = yield* Postgres.Tables
      const node = yield* Node.make({ name: "a", table })
      node.changes.length = 0
      yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = ${`changes of ${table}`}`
      yield* Node.until(() => node.changes.length >= 2)

      const key = yield* Node.login(node.service)

      yield* Node.until(() => node.changes.some((change) => change._tag === "Changed" && change.key === key.id))
    }).pipe(withServer))
})

const withServer = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.provide(Postgres.withTables(test), TestAuthorizationServer.layer())
