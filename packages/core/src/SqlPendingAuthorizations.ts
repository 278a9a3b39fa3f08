/**
 * Pending authorizations in a table of an SQL database, for a login that one
 * node starts and another completes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import * as Sql from "./internal/sql.ts"
import * as OAuthError from "./OAuthError.ts"
import * as PendingAuthorizations from "./PendingAuthorizations.ts"

/**
 * Options of the keeper.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The table, `"oauth_pending_authorizations"`; with its schema where that is not the default one. */
  readonly table?: string | undefined
  /**
   * Whether the table is brought up to date when the keeper is made: `"run"`,
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
export const defaultTable = "oauth_pending_authorizations"

/**
 * The migrations that make the table, by number and name.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrations = (options?: Pick<Options, "table">): Sql.Migrations => {
  const table = options?.table ?? defaultTable
  return {
    "0001_pending_authorizations": Effect.gen(function*() {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const { instant, text } = Sql.types(sql)
      yield* sql`CREATE TABLE ${sql(table)} (
        state ${text} NOT NULL PRIMARY KEY,
        account ${text} NOT NULL,
        expires_at ${instant} NOT NULL,
        pending ${text} NOT NULL
      )`
      yield* sql`CREATE INDEX ${sql(`${Sql.bareName(table)}_expires`)} ON ${sql(table)} (expires_at)`
    })
  }
}

/**
 * Brings the table up to date; see `SqlTokenStore.migrate`.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrate = (
  options?: Pick<Options, "table">
): Effect.Effect<void, OAuthError.OAuthError, SqlClient.SqlClient> =>
  failingIn("migrate")(Sql.migrate(options, { defaultTable, migrations }))

/**
 * Makes a keeper of pending authorizations with one row for each.
 *
 * **Details**
 *
 * The one taker whose statement deletes the row has it, on whichever node. Time
 * is the database's. Rows whose time is over are removed with the next `put`, a
 * hundred at most.
 *
 * **Gotchas**
 *
 * The rows hold code verifiers in clear for as long as a login takes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: Options) => Effect.Effect<
  PendingAuthorizations.PendingAuthorizations["Service"],
  OAuthError.OAuthError,
  SqlClient.SqlClient
> = Effect.fnUntraced(function*(options?: Options) {
  const opened = yield* failingIn("make")(Sql.open(options, { defaultTable, migrations }))
  const { name, now, run, sql } = opened
  const table = sql(opened.table)

  // of several that sweep at once, each takes other rows
  const skipping = sql.onDialectOrElse({ pg: () => sql`FOR UPDATE SKIP LOCKED`, orElse: () => sql`` })
  const sweep = run(
    sql`DELETE FROM ${table} WHERE state IN (
      SELECT state FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT 100 ${skipping}
    )`
  )

  return PendingAuthorizations.PendingAuthorizations.of({
    put: Effect.fn("SqlPendingAuthorizations.put")(function*(pending, timeToLive) {
      yield* run(
        sql`INSERT INTO ${table} (state, account, expires_at, pending)
          VALUES (${
          sql.csv([
            encodeState(Redacted.value(pending.state)),
            accountOf(pending.key),
            sql`${now} + ${timeToLive}`,
            encode(pending)
          ].map((value) => sql`${value}`))
        })
          ON CONFLICT (state) DO UPDATE SET
            account = excluded.account, expires_at = excluded.expires_at, pending = excluded.pending`
      )
      yield* Effect.ignore(sweep)
    }, failingIn("put")),
    take: Effect.fn("SqlPendingAuthorizations.take")(function*(state) {
      const [row] = yield* run(
        sql`DELETE FROM ${table} WHERE state = ${encodeState(state)}
          RETURNING pending, expires_at, ${now} AS now`
      )
      if (row === undefined) return Option.none()
      const taken = decode(row)
      if (Result.isFailure(taken)) {
        yield* Effect.logWarning(`The store (${name}) held a pending authorization that cannot be read; it is gone`)
        return Option.none()
      }
      const { expires_at, now: at, pending } = taken.success
      return expires_at > at ? Option.some(pending) : Option.none()
    }, failingIn("take")),
    forget: Effect.fn("SqlPendingAuthorizations.forget")(
      (account) =>
        Effect.map(
          run(sql`DELETE FROM ${table} WHERE account = ${encodeURIComponent(account)} RETURNING state`),
          (rows) => rows.length
        ),
      failingIn("forget")
    )
  })
})

/**
 * Pending authorizations with one row for each; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<PendingAuthorizations.PendingAuthorizations, OAuthError.OAuthError, SqlClient.SqlClient> =>
  Layer.effect(PendingAuthorizations.PendingAuthorizations, make(options))

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.OAuthErrorReason) => OAuthError.make("SqlPendingAuthorizations", method, reason))

const Pending = Schema.fromJsonString(AuthorizationRequest.PendingAuthorization)

const encode = Schema.encodeSync(Pending)

const decode = Schema.decodeUnknownResult(
  Schema.Struct({ now: Schema.Finite, expires_at: Schema.Finite, pending: Pending })
)

// the account as it stands in the key
const accountOf = (key: string): string => key.split("|")[3] ?? ""

// whatever a browser brings, a column can hold this
const encodeState = (state: string): string => encodeURIComponent(state.replace(/\p{Surrogate}/gu, "\ufffd"))
