/**
 * The trigger that notifies.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import * as Failure from "./failure.ts"

/** Migrations by number and name, as `Migrator.fromRecord` takes them. */
export type Migrations = Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>>

/** The name of the trigger that notifies of writes. */
export const trigger = (table: string): string => `${table.slice(table.indexOf(".") + 1)}_notify`

/** What a notification says where it cannot say which key: anything may have changed. */
export const anything = "*"

/** The migrations, by number and name. */
export const make = (table: string): Migrations => ({
  "0001_notify": Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const name = trigger(table)
    const notify = sql(`${table}_notify`)
    yield* sql`CREATE FUNCTION ${notify}() ${notifying(sql, "")}`
    // whoever writes grants waits behind a trigger that waits
    const [before] = yield* sql<{ readonly limit: string }>`SELECT current_setting('lock_timeout') AS limit`
    yield* sql`SET LOCAL lock_timeout = '2s'`
    const channel = sql.literal(`'${table}'`)
    yield* sql`CREATE TRIGGER ${sql(name)} AFTER INSERT OR DELETE ON ${sql(table)}
      FOR EACH ROW EXECUTE FUNCTION ${notify}(${channel})`
    // neither a heartbeat nor the loser of a swap changes the version
    yield* sql`CREATE TRIGGER ${sql(`${name}_update`)} AFTER UPDATE ON ${sql(table)}
      FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION ${notify}(${channel})`
    yield* sql`CREATE TRIGGER ${sql(`${name}_truncate`)} AFTER TRUNCATE ON ${sql(table)}
      FOR EACH STATEMENT EXECUTE FUNCTION ${notify}(${channel})`
    yield* sql`SELECT set_config('lock_timeout', ${before?.limit ?? "0"}, true)`
  }),
  // a claim changes no token; the trigger stays as it is, since to change it would wait for whoever uses the table
  "0002_not_of_claims": Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    yield* sql`CREATE OR REPLACE FUNCTION ${sql(`${table}_notify`)}() ${notifying(sql, notOfClaims)}`
  })
})

// of a statement that empties the table there is no row
const notOfClaims = `IF TG_OP = 'UPDATE' THEN
          IF NEW.state = 'Renewing' THEN
            RETURN NULL;
          END IF;
        END IF;`

// The function that the trigger calls, with what it does first. A payload has less than 8000 bytes.
const notifying = (sql: SqlClient.SqlClient, first: string) =>
  sql.literal(`RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE
        payload text := '${anything}';
      BEGIN
        ${first}
        IF TG_OP = 'DELETE' THEN
          payload := OLD.key;
        ELSIF TG_OP <> 'TRUNCATE' THEN
          payload := NEW.key || ' ' || NEW.version;
        END IF;
        IF octet_length(payload) > 7900 THEN
          payload := '${anything}';
        END IF;
        PERFORM pg_notify(TG_ARGV[0], payload);
        RETURN NULL;
      END
      $$`)

/**
 * Runs those that have not run yet. Where nothing is to be done nothing is locked.
 */
export const run = (table: string): Effect.Effect<void, OAuthError.OAuthError, SqlClient.SqlClient> =>
  Effect.mapError(pending(table), (error) => {
    const cause = error._tag === "SqlError" ? error : error.cause
    const problem = isSqlError(cause) ? Failure.codeOf(cause) : error._tag
    return OAuthError.make(
      "PostgresTokenStore",
      "migrate",
      new OAuthError.StoreUnavailable({ store: "postgres", problem })
    )
  })

const pending = Effect.fnUntraced(function*(
  table: string
): Effect.fn.Return<void, Migrator.MigrationError | SqlError, SqlClient.SqlClient> {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const ran = `${table}_notify_migrations`
  const migrations = make(table)
  const [name] = sql`${sql(ran)}`.compile()
  const [place] = yield* sql<{ readonly found: boolean }>`SELECT to_regclass(${name}) IS NOT NULL AS found`
  const run = Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: ran })
  // of processes that start at once one makes it, and the others wait for it
  if (place?.found !== true) return yield* Effect.asVoid(run)
  const rows = yield* sql`SELECT migration_id FROM ${sql(ran)}`
  if (rows.length >= Object.keys(migrations).length) return
  yield* sql.withTransaction(Effect.andThen(sql`SET LOCAL lock_timeout = '10s'`, run))
})
