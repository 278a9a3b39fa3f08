import { TokenStore } from "@effect-oauth/core"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import type { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { draft, key } from "./support/grants.ts"
import * as Postgres from "./support/postgres.ts"

describe.skipIf(Postgres.isMissing)("migrations in Postgres", { timeout: 60_000 }, () => {
  it.live("leave readers and writers alone while somebody's transaction holds the table, and go on without", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* older(sql, grants)
      const first = yield* store.write(undefined, draft())
      const reader = yield* holding(sql, grants)

      const [messages, migration] = yield* told(yield* open, SqlTokenStore.migrate({ table: grants }))
      const calls = yield* whileItRuns(
        migration,
        Effect.andThen(store.read(key), store.write("another version", draft({ writeId: "late" })))
      )

      assert.isAbove(calls.length, 0)
      assert.isBelow(Math.max(...calls), 10_000)
      assert.deepStrictEqual(yield* indexesOf(sql, grants), ["account", "due", "provider_due", "state"])
      assert.match(messages.join("\n"), /CREATE INDEX CONCURRENTLY .*grants_unusual.*\n.*DROP INDEX CONCURRENTLY/s)
      assert.strictEqual((yield* store.read(key)).grant?.version, first.grant?.version)
      yield* Fiber.interrupt(reader)
    }).pipe(Postgres.withTables))

  it.live("change the indexes of a small table that nobody holds", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* older(sql, grants)
      yield* store.write(undefined, draft())

      yield* Effect.provide(SqlTokenStore.migrate({ table: grants }), yield* open)

      assert.deepStrictEqual(yield* indexesOf(sql, grants), ["account", "due", "provider_due", "unusual"])
    }).pipe(Postgres.withTables))

  it.live("leave the indexes of a large table to who runs the statements that are logged, beside writers", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* older(sql, grants)
      yield* sql`INSERT INTO ${sql(grants)} (key, provider, account, state, version, history, head, body)
        SELECT 'test|i|c|' || n, 'test', n, 'Active', n, '', '{}', '{}' FROM generate_series(1, 10001) AS n`

      const [messages, migration] = yield* told(yield* open, SqlTokenStore.migrate({ table: grants }))
      yield* Fiber.join(migration)
      const before = yield* indexesOf(sql, grants)
      const statements = messages.join("\n").split("\n").filter((line) => line.endsWith(";"))
      for (const statement of statements) yield* sql.unsafe(statement)

      assert.deepStrictEqual(before, ["account", "due", "provider_due", "state"])
      assert.lengthOf(statements, 2)
      assert.deepStrictEqual(yield* indexesOf(sql, grants), ["account", "due", "provider_due", "unusual"])
      assert.isTrue((yield* store.write(undefined, draft())).accepted)
    }).pipe(Postgres.withTables))

  it.live("do not keep a process from its start while a backup reads all tables", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      yield* PostgresTokenStore.migrate({ table: grants }).pipe(Effect.provide(yield* open))
      const backup = yield* holding(sql, grants, `${grants}_migrations`, `${grants}_notify_migrations`)

      const started = yield* Effect.exit(
        Effect.timeout(Effect.provide(PostgresTokenStore.migrate({ table: grants }), yield* open), "10 seconds")
      )
      yield* Fiber.interrupt(backup)

      assert.isTrue(Exit.isSuccess(started))
    }).pipe(Postgres.withTables))

  it.live("use the tables as they are where a backup keeps them from being brought up to date", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      yield* older(sql, grants)
      const backup = yield* holding(sql, grants, `${grants}_migrations`)

      const [messages, migration] = yield* told(yield* open, SqlTokenStore.migrate({ table: grants }))
      yield* Fiber.join(migration)
      yield* Fiber.interrupt(backup)
      const after = yield* sql`SELECT max(migration_id) AS latest FROM ${sql(`${grants}_migrations`)}`

      assert.include(messages.join("\n"), "are used as they are")
      assert.deepStrictEqual(after, [{ latest: 3 }])
    }).pipe(Postgres.withTables))

  it.live("fail with a code where the store needs them and somebody is in the way", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      yield* older(sql, grants)
      yield* sql`DELETE FROM ${sql(`${grants}_migrations`)} WHERE migration_id > 1`
      yield* sql`DROP TABLE ${sql(`${grants}_aside`)}`
      const backup = yield* holding(sql, grants, `${grants}_migrations`)

      const { reason } = yield* Effect.flip(Effect.provide(SqlTokenStore.migrate({ table: grants }), yield* open))
      yield* Fiber.interrupt(backup)

      assert.deepStrictEqual(reason._tag === "StoreUnavailable" && reason.problem, "55P03")
    }).pipe(Postgres.withTables))
})

/** A client of a process of its own. */
const open = Effect.map(
  Layer.build(Postgres.client({ maxConnections: 4 })),
  (context) => Context.add(context, SqlClient.SqlClient, Context.get(context, SqlClient.SqlClient))
)

/** The tables as the third migration has left them, and a store over them. */
const older = Effect.fnUntraced(function*(sql: PgClient.PgClient, grants: string) {
  const context = yield* Layer.build(
    Layer.provide(SqlTokenStore.layer({ table: grants }), Postgres.client({ maxConnections: 4 }))
  )
  yield* sql`DELETE FROM ${sql(`${grants}_migrations`)} WHERE migration_id > 3`
  yield* sql`DROP INDEX ${sql(`${grants}_unusual`)}`
  yield* sql`CREATE INDEX grants_state ON ${sql(grants)} (state, key)`
  return Context.get(context, TokenStore.TokenStore)
})

/** A transaction that has read tables, and does not end until it is interrupted. */
const holding = Effect.fnUntraced(function*(sql: PgClient.PgClient, ...tables: ReadonlyArray<string>) {
  const held = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkChild(
    sql.withTransaction(Effect.gen(function*() {
      for (const table of tables) yield* sql`SELECT count(*) FROM ${sql(table)}`
      yield* Deferred.succeed(held, undefined)
      return yield* Effect.never
    })),
    { startImmediately: true }
  )
  yield* Deferred.await(held)
  return fiber
})

/** Runs an effect beside, with what it logs. */
const told = <E, R>(context: Context.Context<R>, effect: Effect.Effect<void, E, R>) => {
  const messages: Array<string> = []
  const logger = Logger.make(({ message }) => {
    messages.push(String(message))
  })
  return Effect.map(
    Effect.forkChild(Effect.provide(effect, [Layer.succeedContext(context), Logger.layer([logger])]), {
      startImmediately: true
    }),
    (fiber) => [messages, fiber] as const
  )
}

/** How many milliseconds each of the calls took that were made until an effect was done. */
const whileItRuns = Effect.fnUntraced(function*<A, E>(fiber: Fiber.Fiber<void, E>, call: Effect.Effect<A, E>) {
  const took: Array<number> = []
  do {
    const before = performance.now()
    yield* call
    took.push(performance.now() - before)
  } while (fiber.pollUnsafe() === undefined)
  yield* Fiber.join(fiber)
  return took
})

const indexesOf = (sql: PgClient.PgClient, grants: string) =>
  Effect.map(
    sql<{ readonly name: string }>`SELECT substr(indexname, 8) AS name FROM pg_indexes
      WHERE schemaname = ${grants.split(".")[0] ?? ""} AND tablename = 'grants' AND indexname NOT LIKE '%_pkey'
      ORDER BY 1`,
    (rows) => rows.map(({ name }) => name)
  )
