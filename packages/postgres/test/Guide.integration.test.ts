/**
 * The statements that the guide shows, run as they stand there.
 */
import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Postgres from "./support/postgres.ts"

const guide = fs.readFileSync(path.resolve(import.meta.dirname, "../../../docs/guides/postgres.md"), "utf8")

const statements = [...guide.matchAll(/^```sql\n([\s\S]*?)^```$/gm)]
  .flatMap(([, block = ""]) => block.split(";\n"))
  .filter((statement) => statement.trim() !== "")

describe.skipIf(Postgres.isMissing)("the guide", () => {
  it.live("shows statements that Postgres takes, for tables as the library makes them", () =>
    Effect.gen(function*() {
      const { schema } = yield* Postgres.Tables
      const role = `${schema}_app`
      // names of this test's own in place of the guide's
      const ours = (statement: string) => statement.replaceAll(/\bauth\b/g, schema).replaceAll(/\bapp\b/g, role)

      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* PostgresTokenStore.migrate()
        yield* SqlPendingAuthorizations.migrate()
        yield* Effect.acquireRelease(
          sql.unsafe(`CREATE ROLE ${role}`),
          () => Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${role}`), sql.unsafe(`DROP ROLE ${role}`)))
        )

        for (const statement of statements) yield* sql.unsafe(ours(statement))
      }).pipe(
        // what is dropped at the end is dropped while there is a client
        Effect.scoped,
        Effect.provide(Postgres.client({ maxConnections: 1, startupParameters: { search_path: schema } }))
      )

      assert.isAtLeast(statements.length, 5)
    }).pipe(Postgres.withTables))
})
