/**
 * What stores in SQL have in common: the database, how it is asked, how it
 * fails, and its migrations.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import * as OAuthError from "../OAuthError.ts"

/** A database, as stores use it. */
export interface Database {
  /** What it is, for people. */
  readonly name: "postgres" | "sqlite"
  /** The client, giving columns the names that they have. */
  readonly sql: SqlClient.SqlClient
  /** The database's clock: whole epoch milliseconds. */
  readonly now: Statement.Fragment
  /**
   * Runs a statement by itself, also where the caller is within a transaction:
   * what others act upon must not be undone with it.
   */
  readonly run: (
    statement: Statement.Statement<object>
  ) => Effect.Effect<ReadonlyArray<object>, OAuthError.StoreUnavailable>
}

/** The database in context. */
export const database: Effect.Effect<Database, OAuthError.ConfigurationInvalid, SqlClient.SqlClient> = Effect.gen(
  function*() {
    const client = yield* SqlClient.SqlClient
    const sql = client.withoutTransforms()
    const dialect = sql.onDialectOrElse({
      pg: () => ({
        name: "postgres" as const,
        now: sql.literal("CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS double precision)")
      }),
      sqlite: () => ({
        name: "sqlite" as const,
        now: sql.literal("CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)")
      }),
      orElse: () => undefined
    })
    if (dialect === undefined) {
      return yield* Effect.fail(
        new OAuthError.ConfigurationInvalid({
          field: "SqlClient",
          problem: "this dialect is not supported; Postgres and SQLite are"
        })
      )
    }
    return {
      ...dialect,
      sql,
      run: (statement) => {
        const apart = Effect.updateContext(
          statement,
          (context: Context.Context<never>) => Context.omit(client.transactionService)(context)
        )
        return Effect.mapError(
          Effect.withFiber(({ context }) =>
            Context.getOrUndefined(context, client.transactionService) === undefined ? statement : apart
          ),
          (error) => unavailable(dialect.name, error)
        )
      }
    }
  }
)

/**
 * A statement whose text is made once, by a function that says where each value goes, and whose values are given with
 * each call: all as texts, so that the text is the whole name of what a driver prepares.
 */
export const template = <Name extends string>(
  sql: SqlClient.SqlClient,
  compose: (value: (name: Name) => Statement.Fragment) => Statement.Statement<object>
): (values: { readonly [N in Name]: string | null }) => Statement.Statement<object> => {
  const numbered: Array<Name> = []
  const [text, bound] = compose(sql.onDialectOrElse({
    // a value that is named twice is sent once
    pg: () => (name: Name) => {
      if (!numbered.includes(name)) numbered.push(name)
      return sql.literal(`$${numbered.indexOf(name) + 1}`)
    },
    // without numbers each place has its value: the name stands for it
    orElse: () => (name: Name) => sql`${name}`
  })).compile()
  const names = numbered.length > 0 ? numbered : bound as ReadonlyArray<Name>
  return (values) => sql.unsafe(text, names.map((name) => values[name]))
}

/** A failure as its code and nothing else: a message may quote values. */
export const unavailable = (store: string, error: SqlError): OAuthError.StoreUnavailable =>
  new OAuthError.StoreUnavailable({ store, problem: codeOf(error.reason.cause) ?? error.reason._tag })

/** The name of a table, checked. Names of indexes are made of it. */
export const tableName = (table: string): Effect.Effect<string, OAuthError.ConfigurationInvalid> =>
  /^(?:[A-Za-z_]\w{0,39}\.)?[A-Za-z_]\w{0,39}$/.test(table)
    ? Effect.succeed(table)
    : Effect.fail(
      new OAuthError.ConfigurationInvalid({
        field: "table",
        problem: "a name of at most 40 letters, digits and underscores, with its schema before a dot where it needs one"
      })
    )

/** The name of a table without its schema. */
export const bareName = (table: string): string => table.slice(table.indexOf(".") + 1)

/** The types of columns. */
export const types = (
  sql: SqlClient.SqlClient
): { readonly text: Statement.Fragment; readonly instant: Statement.Fragment } =>
  sql.onDialectOrElse({
    // texts are compared byte by byte, whatever the database's language
    pg: () => ({ text: sql.literal(`text COLLATE "C"`), instant: sql.literal("double precision") }),
    orElse: () => ({ text: sql.literal("text"), instant: sql.literal("real") })
  })

/** Migrations by number and name, as `Migrator.fromRecord` takes them. */
export type Migrations = Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>>

/** The table of a store: what it is called unless another is named, and what makes it. */
export interface Table {
  readonly defaultTable: string
  readonly migrations: (options: { readonly table: string }) => Migrations
  /** The number of the last without which the store cannot do its work; all, unless it is said. */
  readonly needed?: number | undefined
}

/** Opens the database of a store, its table brought up to date unless that is done elsewhere. */
export const open = Effect.fnUntraced(function*(
  options: { readonly table?: string | undefined; readonly migrations?: "run" | "skip" | undefined } | undefined,
  of: Table
): Effect.fn.Return<
  Database & { readonly table: string },
  OAuthError.ConfigurationInvalid | OAuthError.StoreUnavailable,
  SqlClient.SqlClient
> {
  const opened = yield* database
  const table = yield* tableName(options?.table ?? of.defaultTable)
  if (options?.migrations !== "skip") yield* migrate(options, of)
  return { ...opened, table }
})

/**
 * Runs the migrations that have not run yet. Which have is kept in a table beside that of the store.
 *
 * Nobody who uses the tables is held up for longer than a lock is waited for, and where nothing is to be done nothing is
 * locked. Where a lock is not to be had, it is an error, unless what stands is all that the store needs.
 */
export const migrate = Effect.fnUntraced(function*(
  options: { readonly table?: string | undefined } | undefined,
  { defaultTable, migrations, needed = Number.POSITIVE_INFINITY }: Table
): Effect.fn.Return<void, OAuthError.ConfigurationInvalid | OAuthError.StoreUnavailable, SqlClient.SqlClient> {
  const { name, sql } = yield* database
  const table = yield* tableName(options?.table ?? defaultTable)
  const all = migrations({ table })
  const ran = `${table}_migrations`
  const run = Migrator.make({})({ loader: Migrator.fromRecord(all), table: ran })
  const failed = (error: Migrator.MigrationError | SqlError) => {
    const cause = error._tag === "SqlError" ? error : error.cause
    return isSqlError(cause)
      ? unavailable(name, cause)
      : new OAuthError.StoreUnavailable({ store: name, problem: error._tag })
  }
  if (name === "sqlite") return yield* Effect.mapError(Effect.asVoid(run), failed)

  const latest = yield* Effect.mapError(latestOf(sql, ran), failed)
  // nobody uses what is not there yet; of processes that start at once one makes it, and the others wait for it
  if (latest === undefined) return yield* Effect.mapError(Effect.asVoid(run), failed)
  if (latest >= Math.max(...Object.keys(all).map((id) => Number.parseInt(id)))) return
  // the migrator locks its own table, for which only processes that start wait
  const bounded = Effect.andThen(sql`SET LOCAL lock_timeout = '10s'`, run)
  yield* sql.withTransaction(bounded).pipe(
    Effect.mapError(failed),
    Effect.catchIf(
      ({ problem }) => problem === lockNotAvailable && latest >= needed,
      () =>
        Effect.logWarning(
          `The tables of ${table} were not brought up to date, as somebody holds a lock on them, and are used as they are`
        )
    )
  )
})

/** An index is made, or dropped: `how` is "CONCURRENTLY" or nothing. */
export type IndexChange = (how: Statement.Fragment) => Statement.Statement<object>

/**
 * Changes the indexes of a table within a migration. To read a table for an index keeps its writers waiting, so that in
 * Postgres it is done only where the table is small and nobody is in the way. Else the statements are logged that do it
 * beside everybody, which cannot be run in a transaction: a store works without its indexes.
 */
export const changeIndexes = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  table: string,
  changes: ReadonlyArray<IndexChange>
): Effect.fn.Return<void, SqlError> {
  // what is dropped takes the stronger lock: nobody gets in between the two
  const change = Effect.forEach(changes.toReversed(), (change) => change(sql.literal("")), { discard: true })
  if (sql.onDialectOrElse({ pg: () => false, orElse: () => true })) return yield* change

  const rows = yield* sql`SELECT 1 FROM ${sql(table)} LIMIT ${sql.literal(String(small + 1))}`
  const soon = sql.withTransaction(Effect.gen(function*() {
    // this may be part of a transaction that waits as long as somebody else has said
    const [before] = yield* sql<{ readonly limit: string }>`SELECT current_setting('lock_timeout') AS limit`
    yield* sql`SET LOCAL lock_timeout = '500ms'`
    yield* change
    yield* sql`SELECT set_config('lock_timeout', ${before?.limit ?? "0"}, true)`
  }))
  const isChanged = rows.length <= small && (yield* Effect.as(soon, true).pipe(
    Effect.catchIf(
      (error: SqlError) => codeOf(error.reason.cause) === lockNotAvailable,
      () => Effect.succeed(false)
    )
  ))
  if (isChanged) return
  const statements = changes.map((change) => `${change(sql.literal("CONCURRENTLY")).compile()[0]};`)
  yield* Effect.logWarning(
    [`The indexes of ${table} are left as they are. To change them while it is in use:`, ...statements].join("\n")
  )
})

// how many rows are read in a few milliseconds
const small = 10_000

// Postgres: lock_not_available
const lockNotAvailable = "55P03"

// the last migration that has run; `undefined` where none ever has
const latestOf = Effect.fnUntraced(
  function*(sql: SqlClient.SqlClient, ran: string): Effect.fn.Return<number | undefined, SqlError> {
    const [name] = sql`${sql(ran)}`.compile()
    const [place] = yield* sql<{ readonly found: boolean }>`SELECT to_regclass(${name}) IS NOT NULL AS found`
    if (place?.found !== true) return undefined
    const [row] = yield* sql<{ readonly latest: number | null }>`SELECT max(migration_id) AS latest FROM ${sql(ran)}`
    return row?.latest ?? 0
  }
)

const codeOf = (cause: unknown): string | undefined =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && /^\w{1,40}$/.test(cause.code)
    ? cause.code
    : undefined
