import { type GrantKey, type OAuthError, TokenStore } from "@effect-oauth/core"
import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import * as SqlRegistrationStore from "@effect-oauth/core/SqlRegistrationStore"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import {
  PendingAuthorizationsContract,
  RegistrationStoreContract,
  TokenStoreContract
} from "@effect-oauth/core/testing"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Exit, Fiber, Layer, Redacted, String } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, Statement } from "effect/sql"
import { randomUUID } from "node:crypto"
import { draft, key, keyOf } from "./support/grants.ts"
import * as Postgres from "./support/postgres.ts"

describe.skipIf(Postgres.isMissing)("PostgresTokenStore", () => {
  layer(all(), { excludeTestServices: true })("keeps the contract:", (it) => {
    for (const law of TokenStoreContract.cases) it.effect(law.name, () => law.run)
  })

  layer(all(), { excludeTestServices: true })("with SqlPendingAuthorizations, keeps the contract:", (it) => {
    for (const law of PendingAuthorizationsContract.cases) it.effect(law.name, () => law.run)
  })

  layer(all(), { excludeTestServices: true })("with SqlRegistrationStore, keeps the contract:", (it) => {
    for (const law of RegistrationStoreContract.cases) it.effect(law.name, () => law.run)
  })

  it.live("works with a client that renames columns", () =>
    Effect.gen(function*() {
      const store = yield* open({
        transformResultNames: String.snakeToCamel,
        transformQueryNames: String.camelToSnake
      })

      const { grant } = yield* store.write(undefined, draft({ dueIn: 0, leaseFor: 1000 }))

      assert.deepStrictEqual((yield* store.read(key)).grant, grant)
      assert.lengthOf((yield* store.due({ before: 9e15, limit: 1 })).heads, 1)
    }).pipe(Postgres.withTables))

  it.live("loses none of 8 times 25 increments by 8 clients", () =>
    Effect.gen(function*() {
      const stores = yield* Effect.forEach(Array.from({ length: 8 }), () => open({ maxConnections: 1 }))
      const [first] = stores
      if (first === undefined) return assert.fail()
      yield* first.write(undefined, draft())

      const increment = Effect.fnUntraced(function*(store: Store) {
        let { grant } = yield* store.read(key)
        let lost = 0
        for (let i = 0; i < 25;) {
          const outcome = yield* store.write(grant?.version, draft({ serial: (grant?.serial ?? 0) + 1 }))
          if (outcome.accepted) i++
          else lost++
          grant = outcome.grant
        }
        return lost
      })
      const lost = yield* Effect.forEach(stores, increment, { concurrency: "unbounded" })

      assert.strictEqual((yield* first.read(key)).grant?.serial, 200)
      assert.isAbove(Math.max(...lost), 0, "nobody has lost, so nothing was tried")
    }).pipe(Postgres.withTables))

  it.live("shows a loser who had to wait what the winner has written", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* open()
      const { grant } = yield* store.write(undefined, draft())
      const version = grant?.version

      for (const expected of [version, undefined]) {
        const winner = `winner over ${expected}`
        const losing = yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`UPDATE ${sql(grants)} SET version = ${winner}`
          const fiber = yield* Effect.forkDetach(store.write(expected, draft()))
          yield* waiting(sql)
          return fiber
        }))
        const outcome = yield* Fiber.join(losing)

        assert.isFalse(outcome.accepted)
        assert.strictEqual(outcome.grant?.version, winner)
      }
    }).pipe(Postgres.withTables))

  it.live("leaves a row that cannot be read as it is [I12]", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* open()
      yield* store.write(undefined, draft())
      yield* sql`UPDATE ${sql(grants)} SET head = '{}'`
      const before = yield* sql`SELECT * FROM ${sql(grants)}`

      const read = yield* Effect.flip(store.read(key))
      const written = yield* Effect.flip(store.write(undefined, draft()))

      assert.deepStrictEqual([read.reason._tag, written.reason._tag], ["RecordInvalid", "RecordInvalid"])
      assert.deepStrictEqual(yield* sql`SELECT * FROM ${sql(grants)}`, before)
    }).pipe(Postgres.withTables))

  it.live("keeps the contract of what cannot be read", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* open()
      const damage = ({ id }: GrantKey.GrantKey) =>
        Effect.orDie(Effect.asVoid(sql`UPDATE ${sql(grants)} SET head = '{' WHERE key = ${id}`))

      for (const law of TokenStoreContract.unreadable(damage)) {
        yield* Effect.provideService(law.run, TokenStore.TokenStore, store)
      }
    }).pipe(Postgres.withTables))

  it.live("brings the tables up to date once, though 8 processes start at once", () =>
    Effect.gen(function*() {
      const stores = yield* Effect.forEach(
        Array.from({ length: 8 }),
        () => open({ maxConnections: 2 }),
        { concurrency: "unbounded" }
      )

      const outcomes = yield* Effect.forEach(stores, (store) => store.write(undefined, draft()))

      assert.strictEqual(outcomes.filter(({ accepted }) => accepted).length, 1)
    }).pipe(Postgres.withTables))

  it.live("takes no part in a transaction of the caller's", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* Effect.provideService(openWith({ table: grants }), PgClient.PgClient, sql)

      const written = store.write(undefined, draft())
      const exit = yield* Effect.exit(sql.withTransaction(Effect.andThen(written, Effect.fail("rolled back"))))

      assert.isTrue(Exit.isFailure(exit))
      assert.isDefined((yield* store.read(key)).grant)
    }).pipe(Postgres.withTables))

  it.live("finds what is due among 100,000 records by the index", () =>
    Effect.gen(function*() {
      const { grants, sql } = yield* Postgres.Tables
      const store = yield* Effect.provide(
        SqlTokenStore.make({ table: grants }),
        Layer.merge(Layer.succeed(SqlClient.SqlClient, sql), SecureRandom.layerWebCrypto)
      )
      const head = JSON.stringify({
        format: 1,
        state: { _tag: "Active", failures: 0 },
        writeId: "w",
        lineage: "l",
        serial: 0,
        installation: "default"
      })
      yield* sql`INSERT INTO ${sql(grants)} (key, provider, account, state, version, due_at, history, head, body)
        SELECT 'test|i|c|' || n, 'test', n, 'Active', n, n * 1000, '', ${head}, '{}'
        FROM generate_series(1, 100000) AS n`
      yield* sql`ANALYZE ${sql(grants)}`

      const plans = yield* explained(
        sql,
        Effect.gen(function*() {
          yield* store.due({ before: 9e15, limit: 100 })
          yield* store.due({ before: 9e15, limit: 100, providers: ["test"], cursor: "50000000|test|i|c|50000" })
          yield* store.list({ limit: 100, state: "Active", cursor: "test|i|c|5" })
          yield* store.list({ limit: 100, account: "77" })
          yield* store.list({ limit: 100, provider: "test" })
          yield* store.list({ limit: 100, state: "Revoked" })
          yield* store.list({ limit: 100, state: "Renewing", cursor: "test|i|c|5" })
        })
      )

      assert.lengthOf(plans, 7)
      for (const plan of plans.slice(5)) assert.include(plan, "Index Scan using grants_unusual")
      for (const plan of plans) {
        assert.match(plan, /Limit .*\n +-> +(Sort .*\n.*\n +-> +)?Index Scan using/)
        assert.notMatch(plan, /Seq Scan/)
      }
    }).pipe(Postgres.withTables))

  it.live("reads its options from Config", () =>
    Effect.gen(function*() {
      const { schema, sql } = yield* Postgres.Tables
      const config = ConfigProvider.fromUnknown({ GRANTS: `${schema}.of_config` })
      const layer = PostgresTokenStore.layerConfig({ table: Config.String("GRANTS") }).pipe(
        Layer.provide(Layer.merge(Layer.succeed(PgClient.PgClient, sql), ConfigProvider.layer(config)))
      )

      yield* Layer.build(layer)

      const [found] = yield* sql`SELECT to_regclass(${`${schema}.of_config`}) IS NOT NULL AS found`
      assert.deepStrictEqual(found, { found: true })
    }).pipe(Postgres.withTables))

  describe("a role that may only use the tables", () => {
    it.live("can do everything but bring them up to date", () =>
      Effect.gen(function*() {
        const { grants, schema, sql } = yield* Postgres.Tables
        yield* Effect.provideService(PostgresTokenStore.migrate({ table: grants }), PgClient.PgClient, sql)
        const password = randomUUID()
        const role = yield* Effect.acquireRelease(
          Effect.as(sql`CREATE ROLE ${sql(schema)} LOGIN PASSWORD ${sql.literal(`'${password}'`)}`, schema),
          () => Effect.orDie(Effect.andThen(sql`DROP OWNED BY ${sql(schema)}`, sql`DROP ROLE ${sql(schema)}`))
        )
        yield* sql`GRANT USAGE ON SCHEMA ${sql(schema)} TO ${sql(role)}`
        yield* sql`GRANT SELECT, INSERT, UPDATE, DELETE ON ${sql(grants)} TO ${sql(role)}`
        const as = Layer.build(Postgres.client({ username: role, password: Redacted.make(password) }))
        const context = yield* as

        const store = yield* Effect.provide(openWith({ table: grants, migrations: "skip" }), context)
        const outcome = yield* store.write(undefined, draft())
        yield* store.remove(key, outcome.grant?.version ?? "")
        const error = yield* Effect.flip(Effect.provide(openWith({ table: `${schema}.other` }), context))

        assert.isTrue(outcome.accepted)
        assert.strictEqual(problemOf(error), "42501")
      }).pipe(Postgres.withTables))
  })

  it.live("keeps keys of a provider whose name begins like another's apart", () =>
    Effect.gen(function*() {
      const store = yield* open()
      for (const provider of ["a", "ab", "a-b", "a|b", "~"]) {
        yield* store.write(undefined, draft({ key: keyOf("ada", provider).id }))
      }

      for (const provider of ["a", "ab", "a-b", "a|b", "~"]) {
        const { heads } = yield* store.list({ limit: 10, provider })
        assert.deepStrictEqual(heads.map((head) => head.key), [keyOf("ada", provider).id])
      }
    }).pipe(Postgres.withTables))
})

type Store = TokenStore.TokenStore["Service"]

/** All services, in tables of their own. */
function all() {
  return Layer.unwrap(Effect.map(Postgres.Tables, ({ grants, pending }) =>
    Layer.mergeAll(
      PostgresTokenStore.layer({ table: grants }),
      SqlPendingAuthorizations.layer({ table: pending }),
      SqlRegistrationStore.layer({ table: `${grants}_clients` })
    ))).pipe(Layer.provide(Layer.merge(Postgres.client(), Postgres.Tables.layer)))
}

const openWith = (options: SqlTokenStore.Options) =>
  Effect.provide(PostgresTokenStore.make(options), SecureRandom.layerWebCrypto)

/** A store of a process of its own. */
const open = Effect.fnUntraced(function*(options?: Parameters<typeof Postgres.client>[0]) {
  const { grants } = yield* Postgres.Tables
  return yield* Effect.provide(openWith({ table: grants }), yield* Layer.build(Postgres.client(options)))
})

const problemOf = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "StoreUnavailable" ? reason.problem : reason._tag

/** How Postgres goes about the statements of an effect. */
const explained = Effect.fnUntraced(function*<A, E>(sql: PgClient.PgClient, effect: Effect.Effect<A, E>) {
  const statements: Array<readonly [sql: string, params: ReadonlyArray<unknown>]> = []
  yield* Effect.provideService(effect, Statement.CurrentTransformer, (statement) =>
    Effect.sync(() => {
      statements.push(statement.compile(true))
      return statement
    }))
  return yield* Effect.forEach(statements, ([text, params]) =>
    Effect.map(
      sql.unsafe<{ readonly "QUERY PLAN": string }>(`EXPLAIN ${text}`, params),
      (rows) => rows.map((row) => row["QUERY PLAN"]).join("\n")
    ))
})

/** Waits until somebody waits for a lock of this transaction's. */
const waiting = (sql: PgClient.PgClient): Effect.Effect<void> =>
  sql`SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))`.pipe(
    Effect.orDie,
    Effect.flatMap((rows) => rows.length > 0 ? Effect.void : Effect.andThen(Effect.sleep("10 millis"), waiting(sql)))
  )
