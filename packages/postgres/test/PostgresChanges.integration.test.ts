import type { Grant, TokenStore } from "@effect-oauth/core"
import type { Options } from "@effect-oauth/core/SqlTokenStore"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { draft, key, keyOf } from "./support/grants.ts"
import { until } from "./support/Node.ts"
import * as Postgres from "./support/postgres.ts"
import * as Proxy from "./support/Proxy.ts"

describe.skipIf(Postgres.isMissing)("PostgresTokenStore.changes", () => {
  it.live("announces what is written by hand, or by whatever else", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const { changes, store } = yield* listen()
      yield* store.write(undefined, draft())

      yield* sql`UPDATE ${sql(grants)} SET version = 'by-hand'`
      yield* until(() => changes.some((change) => change._tag === "Changed" && change.version === "by-hand"))
      yield* sql`DELETE FROM ${sql(grants)}`
      yield* until(() => changes.some((change) => change._tag === "Changed" && change.version === undefined))
    }).pipe(Postgres.withTables))

  it.live("announces neither heartbeats nor lost writes", () =>
    Effect.gen(function*() {
      const { changes, store } = yield* listen()
      const { grant } = yield* store.write(undefined, draft({ leaseFor: 1000 }))
      const version = grant?.version ?? ""

      for (let i = 0; i < 3; i++) {
        yield* store.extend(key, { version, leaseFor: 1000 })
        yield* store.write(undefined, draft())
        yield* store.write("another", draft())
      }
      const last = yield* store.write(version, draft())
      yield* until(() => changes.some((change) => change._tag === "Changed" && change.version === last.grant?.version))

      assert.deepStrictEqual(changes.filter(({ _tag }) => _tag === "Changed"), [
        { _tag: "Changed", key: key.id, version },
        { _tag: "Changed", key: key.id, version: last.grant?.version }
      ])
    }).pipe(Postgres.withTables))

  it.live("announces no claim, and what ends it", () =>
    Effect.gen(function*() {
      const { changes, store } = yield* listen()
      const { grant } = yield* store.write(undefined, draft())
      const claimed = yield* store.write(grant?.version, draft({ state: claim, leaseFor: 1000 }))
      const last = yield* store.write(claimed.grant?.version, draft())
      yield* until(() => changes.some((change) => change._tag === "Changed" && change.version === last.grant?.version))

      assert.isTrue(claimed.accepted)
      assert.deepStrictEqual(changes.filter(({ _tag }) => _tag === "Changed"), [
        { _tag: "Changed", key: key.id, version: grant?.version },
        { _tag: "Changed", key: key.id, version: last.grant?.version }
      ])
    }).pipe(Postgres.withTables))

  it.live("says Gap where a key is too long for a notification, and where the table is emptied", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const { changes, store } = yield* listen()
      changes.length = 0

      yield* store.write(undefined, draft({ key: keyOf("x".repeat(9000)).id }))
      yield* until(() => changes.length === 1)
      yield* sql`TRUNCATE ${sql(grants)}`
      yield* until(() => changes.length === 2)

      assert.deepStrictEqual(changes, [{ _tag: "Gap" }, { _tag: "Gap" }])
    }).pipe(Postgres.withTables))

  it.live("is shared: any number of subscribers take one connection", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const { store } = yield* listen()
      const others = yield* Effect.forEach([1, 2, 3], () => collect(store))

      yield* store.write(undefined, draft())
      for (const changes of others) yield* until(() => changes.some(({ _tag }) => _tag === "Changed"))

      const sessions = yield* sql`SELECT 1 FROM pg_stat_activity WHERE application_name = ${`changes of ${grants}`}`
      assert.lengthOf(sessions, 1)
    }).pipe(Postgres.withTables))

  it.live("ends where nothing notifies", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      yield* Effect.provideService(PostgresTokenStore.migrate({ table: grants }), PgClient.PgClient, sql)
      yield* sql`ALTER TABLE ${sql(grants)} DISABLE TRIGGER ${sql("grants_notify_update")}`
      const store = yield* open({ table: grants, migrations: "skip" })

      const changes = yield* Stream.runCollect(store.changes ?? Stream.never)

      assert.deepStrictEqual(changes, [])
    }).pipe(Postgres.withTables))

  it.live("says nothing before it listens, and then Gap", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      yield* Effect.provideService(PostgresTokenStore.migrate({ table: grants }), PgClient.PgClient, sql)
      const proxy = yield* Proxy.make(Postgres.url)
      yield* proxy.refuse(true)
      const store = yield* open({ migrations: "skip" }, proxy.url)
      const collecting = yield* Effect.forkChild(collect(store))

      yield* Effect.sleep("500 millis")
      const before = collecting.pollUnsafe()
      yield* proxy.refuse(false)

      assert.isUndefined(before)
      assert.strictEqual((yield* Fiber.join(collecting))[0]?._tag, "Gap")
    }).pipe(Postgres.withTables))

  it.live("says Gap again and again while the database cannot be reached", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(Postgres.url)
      const { changes } = yield* listen(proxy.url)
      changes.length = 0

      yield* proxy.refuse(true)
      yield* proxy.cut
      yield* until(() => changes.length >= 4)
      const meanwhile = [...changes]
      yield* proxy.refuse(false)
      const store = yield* open()
      for (let i = 0; !changes.some(({ _tag }) => _tag === "Changed"); i++) {
        yield* store.write(undefined, draft({ key: keyOf(String(i)).id }))
        yield* Effect.sleep("20 millis")
      }

      assert.deepStrictEqual(new Set(meanwhile), new Set([{ _tag: "Gap" as const }]))
    }).pipe(Postgres.withTables))

  it.live("says Gap within 20 seconds after its connection has gone silent", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(Postgres.url)
      const { changes } = yield* listen(proxy.url)
      changes.length = 0
      const from = yield* Clock.currentTimeMillis

      yield* proxy.silence
      yield* until(() => changes.length > 0)

      assert.strictEqual(changes[0]?._tag, "Gap")
      assert.isBelow((yield* Clock.currentTimeMillis) - from, 20_000)
    }).pipe(Postgres.withTables))

  it.live("does not keep a process from closing when its connection has gone silent", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make(Postgres.url)
      const scope = yield* Scope.make()
      yield* Scope.provide(listen(proxy.url), scope)
      yield* proxy.silence
      const from = yield* Clock.currentTimeMillis

      yield* Fiber.join(yield* Effect.forkChild(Scope.close(scope, Exit.void)))

      assert.isBelow((yield* Clock.currentTimeMillis) - from, 15_000)
    }).pipe(Postgres.withTables))
})

const claim: Grant.State = {
  _tag: "Renewing",
  holder: "another",
  presented: "digest",
  startedAt: 0,
  settle: 1000,
  attempt: 1
}

const open = Effect.fnUntraced(function*(options?: Options, url?: string) {
  const { grants } = yield* Postgres.Tables
  const client = yield* Layer.build(Postgres.client(url === undefined ? {} : { url }))
  return yield* PostgresTokenStore.make({ table: grants, ...options }).pipe(
    Effect.provide(Context.merge(client, yield* Layer.build(SecureRandom.layerWebCrypto)))
  )
})

const collect = Effect.fnUntraced(function*(store: TokenStore.TokenStore["Service"]) {
  const changes: Array<TokenStore.Change> = []
  yield* Effect.forkScoped(
    Stream.runForEach(store.changes ?? Stream.empty, (change) => Effect.sync(() => changes.push(change)))
  )
  yield* until(() => changes.length > 0)
  return changes
})

/** A store that listens already, and what it announces. */
const listen = Effect.fnUntraced(function*(url?: string) {
  const store = yield* open({}, url)
  return { store, changes: yield* collect(store) }
})
