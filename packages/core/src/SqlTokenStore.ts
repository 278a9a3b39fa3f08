/**
 * Grants in a table of an SQL database, shared by any number of processes on
 * any number of machines.
 *
 * It is long because the statements are read beside the migrations that make
 * their table.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Statement from "effect/sql/Statement"
import type * as Grant from "./Grant.ts"
import * as GrantHistory from "./GrantHistory.ts"
import type * as GrantKey from "./GrantKey.ts"
import * as Ids from "./internal/ids.ts"
import * as Spans from "./internal/spans.ts"
import * as Sql from "./internal/sql.ts"
import * as Rows from "./internal/sqlRows.ts"
import * as Writes from "./internal/sqlWrites.ts"
import * as OAuthError from "./OAuthError.ts"
import * as TokenStore from "./TokenStore.ts"

/**
 * Options of the store.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The table, `"oauth_grants"`; with its schema where that is not the default one: `"auth.oauth_grants"`. */
  readonly table?: string | undefined
  /**
   * Whether the table is brought up to date when the store is made: `"run"`,
   * unless {@link migrate} is run elsewhere, by a role that may.
   */
  readonly migrations?: "run" | "skip" | undefined
}

/**
 * The table that is used unless another is named.
 *
 * @category configuration
 * @since 0.1.0
 */
export const defaultTable = "oauth_grants"

/**
 * The migrations that make the table, by number and name.
 *
 * **When to use**
 *
 * Use it to run them with an application's own, or to read them. Each runs with
 * the `SqlClient` in context.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrations = (options?: Pick<Options, "table">): Sql.Migrations => {
  const table = options?.table ?? defaultTable
  const index = (name: string) => `${Sql.bareName(table)}_${name}`
  return {
    "0001_grants": Effect.gen(function*() {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const { instant, text } = Sql.types(sql)
      yield* sql`CREATE TABLE ${sql(table)} (
        key ${text} NOT NULL PRIMARY KEY,
        provider ${text} NOT NULL,
        account ${text} NOT NULL,
        state ${text} NOT NULL,
        version ${text} NOT NULL,
        due_at ${instant},
        retry_at ${instant},
        lease_until ${instant},
        changed_at ${instant},
        history ${text} NOT NULL,
        head ${text} NOT NULL,
        body ${text} NOT NULL
      )`
      yield* sql`CREATE INDEX ${sql(index("due"))} ON ${sql(table)} (due_at, key, provider) WHERE due_at IS NOT NULL`
      yield* sql`CREATE INDEX ${sql(index("state"))} ON ${sql(table)} (state, key)`
      yield* sql`CREATE INDEX ${sql(index("account"))} ON ${sql(table)} (account)`
    }),
    "0002_aside": Effect.gen(function*() {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const name = `${table}_aside`
      // the columns of the grants, in their order
      yield* sql`CREATE TABLE ${sql(name)} AS SELECT * FROM ${sql(table)} WHERE 1 = 0`
      yield* sql`CREATE UNIQUE INDEX ${sql(`${Sql.bareName(name)}_version`)} ON ${sql(name)} (key, version)`
    }),
    "0003_due_by_provider": Effect.gen(function*() {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      // what is due of one provider is found however much is due of others, which nobody may keep
      yield* Sql.changeIndexes(sql, table, [
        (how) =>
          sql`CREATE INDEX ${how} ${sql(index("provider_due"))} ON ${sql(table)} (provider, due_at, key)
            WHERE due_at IS NOT NULL`
      ])
    }),
    "0004_unusual_states": Effect.gen(function*() {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      // an index stands in the schema of its table, and is dropped by its whole name
      const schema = table.slice(0, -Sql.bareName(table).length)
      yield* Sql.changeIndexes(sql, table, [
        // nearly all grants are active: these are found by their keys, and the others here
        (how) => sql`CREATE INDEX ${how} ${sql(index("unusual"))} ON ${sql(table)} (state, key) WHERE ${unusual(sql)}`,
        (how) => sql`DROP INDEX ${how} IF EXISTS ${sql(`${schema}${index("state")}`)}`
      ])
    })
  }
}

/**
 * Brings the table up to date. Which migrations have run is kept in a table of
 * the same name with `_migrations` at its end; of several processes that start
 * at once, one runs them.
 *
 * **Details**
 *
 * In Postgres nobody who reads or writes grants waits for longer than half a
 * second. The indexes of a table of more than 10,000 grants, or of one that
 * somebody holds, are left as they are: the statements that change them, to be
 * run by hand, are logged. Where their table is held for ten seconds it fails
 * with `StoreUnavailable` (`55P03`), unless the table can be used as it is.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrate = (
  options?: Pick<Options, "table">
): Effect.Effect<void, OAuthError.OAuthError, SqlClient.SqlClient> => failingIn("migrate")(Sql.migrate(options, tables))

/**
 * Makes a store with one row for each grant.
 *
 * **Details**
 *
 * - Comparing and swapping is one statement, which returns the row that stands,
 *   won or lost: a claim is one round trip, and a renewal two. Nothing is held
 *   between calls: no connection, no lock, no transaction.
 * - Leases, due times and rests are computed by the database's clock.
 * - Versions are random, so none comes again: not after a removal, and not
 *   after the database went back to a copy.
 * - A call within a transaction of the caller's does not take part in it: what a
 *   renewal has written must not be undone with something else. Where the pool
 *   has no second connection, such a call waits until it fails.
 * - A row that cannot be read as a grant is `RecordInvalid`, and left as it is;
 *   `due` and `list` pass it over with a warning. So is a draft that is no record.
 * - `list` finds what is not `Active` by an index of its own, and what is by its
 *   keys, which nearly all are.
 * - Tried with Postgres and SQLite; other dialects are refused.
 *
 * **Gotchas**
 *
 * Tokens are in clear for whoever may read the table, its backups, or a log of
 * statements with their parameters. Put `EncryptedTokenStore` over it where that
 * is not enough.
 *
 * Notifications there are none: see `PostgresTokenStore` of
 * `@effect-oauth/postgres`. The client must be connected to the primary: a
 * replica is behind.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: Options) => Effect.Effect<
  TokenStore.TokenStore["Service"],
  OAuthError.OAuthError,
  SecureRandom.SecureRandom | SqlClient.SqlClient
> = Effect.fnUntraced(function*(options?: Options) {
  const random = yield* SecureRandom.SecureRandom
  const { name, now, run, sql, table } = yield* failingIn("make")(Sql.open(options, tables))
  // each comes once: also after a removal, and after the database went back to a copy
  const id = Ids.make(random, yield* Clock.Clock)
  const writing = Writes.make(sql, { now, table })
  const grants = sql(table)
  const aside = `${table}_aside`
  const head = sql.literal("key, version, due_at, retry_at, lease_until, changed_at, head")

  const read = Effect.fnUntraced(function*(key: string): Effect.fn.Return<TokenStore.Reading, Failure> {
    const [row] = yield* run(
      sql`SELECT ${now} AS now, ${head}, body FROM (SELECT 1) AS one LEFT JOIN ${grants} AS g ON g.key = ${key}`
    )
    return yield* Rows.readingOf(name, row)
  })

  // What a statement that changes one row came to. It returns the row that stands; where none does, only another one
  // can tell the time.
  const outcome = Effect.fnUntraced(function*(
    key: GrantKey.GrantKey,
    statement: Statement.Statement<object>,
    isAccepted: (standing: Grant.Grant) => boolean
  ): Effect.fn.Return<TokenStore.Outcome, Failure> {
    const [row] = yield* run(statement)
    if (row === undefined) return { ...yield* read(key.id), accepted: false }
    const reading = yield* Rows.readingOf(name, row)
    return { ...reading, accepted: reading.grant !== undefined && isAccepted(reading.grant) }
  })

  const write = Effect.fnUntraced(function*(expected: string | undefined, draft: Grant.Draft): Effect.fn.Return<
    TokenStore.Outcome,
    Failure
  > {
    const version = yield* id
    const statement = writing(expected, draft, version)
    if (Result.isFailure(statement)) return yield* Effect.fail(Rows.refused(name))
    const [row] = yield* run(statement.success)
    return row === undefined
      ? { ...yield* read(draft.key), accepted: false }
      : yield* Rows.outcomeOf(name, row, draft, version)
  }, failingIn("write"))

  return TokenStore.TokenStore.of({
    name,
    read: Effect.fn("SqlTokenStore.read")((key) => read(key.id), failingIn("read")),
    write: (expected, draft) => Spans.withSpan(write(expected, draft), "SqlTokenStore.write"),
    extend: Effect.fn("SqlTokenStore.extend")(
      (key, { leaseFor, version }) =>
        outcome(
          key,
          sql`UPDATE ${grants} AS g
            SET lease_until = CASE
              WHEN g.version = ${version} AND g.lease_until IS NOT NULL THEN ${now} + ${leaseFor}
              ELSE g.lease_until
            END
            WHERE g.key = ${key.id}
            RETURNING ${now} AS now, ${head}, body`,
          (standing) => standing.version === version && standing.leaseUntil !== undefined
        ),
      failingIn("extend")
    ),
    remove: Effect.fn("SqlTokenStore.remove")(function*(key, version) {
      const [row] = yield* run(
        sql`DELETE FROM ${grants} WHERE key = ${key.id} AND version = ${version} RETURNING ${now} AS now`
      )
      return row === undefined
        ? { ...yield* read(key.id), accepted: false }
        : { now: (yield* Rows.decodeRow(name, Rows.Now, row)).now, accepted: true, grant: undefined }
    }, failingIn("remove")),
    due: Effect.fn("SqlTokenStore.due")(function*({ before, cursor, from, limit, providers }) {
      const after = cursor === undefined ? undefined : Rows.dueCursor.parse(cursor)
      const rows = yield* run(
        sql`SELECT ${now} AS now, page.* FROM (SELECT 1) AS one LEFT JOIN (
            SELECT ${head} FROM ${grants}
            WHERE ${
          sql.and([
            sql`due_at < ${before}`,
            ...(providers === undefined ? [] : [sql.in("provider", providers.map(Rows.encodeField))]),
            ...(from === undefined ? [] : [sql`due_at >= ${from}`]),
            ...(after === undefined ? [] : [sql`(due_at, key) > (${after.dueAt}, ${after.key})`])
          ])
        }
            ORDER BY due_at, key LIMIT ${limit + 1}
          ) AS page ON 1 = 1 ORDER BY page.due_at, page.key`
      )
      return yield* Rows.pageOf(name, rows, limit, Rows.dueCursor.make)
    }, failingIn("due")),
    list: Effect.fn("SqlTokenStore.list")(function*({ account, cursor, limit, provider, state }) {
      const prefix = provider === undefined ? undefined : Rows.encodeField(provider)
      const rows = yield* run(
        sql`SELECT ${now} AS now, page.* FROM (SELECT 1) AS one LEFT JOIN (
            SELECT ${head} FROM ${grants}
            WHERE ${
          sql.and([
            // keys begin with their provider, so its records stand together
            ...(prefix === undefined ? [] : [sql`key > ${`${prefix}|`}`, sql`key < ${`${prefix}}`}`]),
            ...(account === undefined ? [] : [sql`account = ${Rows.encodeField(account)}`]),
            ...(state === undefined ? [] : [sql`state = ${state}`]),
            // said again, as only so every database sees that the index has them all
            ...(state === undefined || state === "Active" ? [] : [unusual(sql)]),
            ...(cursor === undefined ? [] : [sql`key > ${cursor}`])
          ])
        }
            ORDER BY key LIMIT ${limit + 1}
          ) AS page ON 1 = 1 ORDER BY page.key`
      )
      return yield* Rows.pageOf(name, rows, limit, (row) => row.key ?? "")
    }, failingIn("list")),
    setAside: Effect.fn("SqlTokenStore.setAside")(function*(key, version) {
      // copied first: whoever comes in between finds it twice, and never nowhere
      yield* run(
        sql`INSERT INTO ${sql(aside)} SELECT * FROM ${grants} WHERE key = ${key.id} AND version = ${version}
          ON CONFLICT DO NOTHING`
      )
      const [row] = yield* run(
        sql`DELETE FROM ${grants} WHERE key = ${key.id} AND version = ${version} RETURNING ${now} AS now`
      )
      if (row !== undefined) {
        return { now: (yield* Rows.decodeRow(name, Rows.Now, row)).now, accepted: true, place: `the table ${aside}` }
      }
      const [told] = yield* run(sql`SELECT ${now} AS now`)
      return { now: (yield* Rows.decodeRow(name, Rows.Now, told)).now, accepted: false }
    }, failingIn("setAside")),
    history: Effect.fn("SqlTokenStore.history")(function*(key) {
      const [row] = yield* run(sql`SELECT history FROM ${grants} WHERE key = ${key.id}`)
      if (row === undefined) return []
      const { history } = yield* Rows.decodeRow(name, Rows.History, row)
      return GrantHistory.fromText(history)
    }, failingIn("history"))
  })
})

/**
 * A store with one row for each grant; see {@link make}. Versions are drawn from
 * WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<TokenStore.TokenStore, OAuthError.OAuthError, SqlClient.SqlClient> =>
  Layer.provide(Layer.effect(TokenStore.TokenStore, make(options)), SecureRandom.layerWebCrypto)

// what comes after the second makes it quicker, and no more
const tables: Sql.Table = { defaultTable, migrations, needed: 2 }

// which records stand in the index of states
const unusual = (sql: SqlClient.SqlClient) => sql.literal("state <> 'Active'")

// where a call came from is not worth its price twice in a renewal

type Failure = OAuthError.StoreUnavailable | OAuthError.RecordInvalid

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.OAuthErrorReason) => OAuthError.make("SqlTokenStore", method, reason))
