/**
 * An SQL client over Node's own SQLite: for tests, where one connection and blocking calls do no harm.
 */
import { Effect, Layer } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

export const layer = (
  options?: { readonly compiler?: Statement.Compiler }
): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function*() {
      const database = yield* Effect.acquireRelease(
        Effect.sync(() => new DatabaseSync(":memory:")),
        (database) => Effect.sync(() => database.close())
      )
      const run = (sql: string, params: ReadonlyArray<unknown>) =>
        Effect.try({
          // rows without a prototype are not what drivers give
          try: () => database.prepare(sql).all(...(params as Array<SQLInputValue>)).map((row) => ({ ...row })),
          catch: (cause) => new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause) })
        })
      const connection: SqlConnection.Connection = {
        execute: run,
        executeRaw: run,
        executeUnprepared: run,
        executeValues: (sql, params) => Effect.map(run(sql, params), (rows) => rows.map(Object.values)),
        executeValuesUnprepared: (sql, params) => Effect.map(run(sql, params), (rows) => rows.map(Object.values)),
        executeStream: () => Effect.die("not asked for") as never
      }
      return yield* SqlClient.make({
        acquirer: Effect.succeed(connection),
        compiler: options?.compiler ?? Statement.makeCompilerSqlite(),
        driver: "node-sqlite",
        spanAttributes: []
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))
