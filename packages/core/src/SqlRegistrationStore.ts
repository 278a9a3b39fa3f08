/**
 * What clients were registered with, in a table of an SQL database, shared by any
 * number of processes on any number of machines.
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as Sql from "./internal/sql.ts"
import * as OAuthError from "./OAuthError.ts"
import * as RegistrationStore from "./RegistrationStore.ts"

/**
 * Options of the store.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The table, `"oauth_registrations"`; with its schema where that is not the default one. */
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
export const defaultTable = "oauth_registrations"

/**
 * The migrations that make the table, by number and name.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrations = (options?: Pick<Options, "table">): Sql.Migrations => ({
  "0001_registrations": Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const { text } = Sql.types(sql)
    yield* sql`CREATE TABLE ${sql(options?.table ?? defaultTable)} (
      key ${text} NOT NULL PRIMARY KEY,
      version ${text} NOT NULL,
      registration ${text} NOT NULL
    )`
  })
})

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
 * Makes a store with one row for each registration.
 *
 * **Details**
 *
 * Comparing and swapping is one statement, which returns the row that stands, won
 * or lost. Versions are random, so none comes again: not after a removal, and not
 * after the database went back to a copy. A row that cannot be read is
 * `RecordInvalid`, and left as it is. Tried with Postgres and SQLite; other
 * dialects are refused.
 *
 * **Gotchas**
 *
 * Secrets and registration access tokens are in clear for whoever may read the
 * table, its backups, or a log of statements with their parameters.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: Options) => Effect.Effect<
  RegistrationStore.RegistrationStore["Service"],
  OAuthError.OAuthError,
  SecureRandom.SecureRandom | SqlClient.SqlClient
> = Effect.fnUntraced(function*(options?: Options) {
  const random = yield* SecureRandom.SecureRandom
  const { name, run, sql, table } = yield* failingIn("make")(Sql.open(options, { defaultTable, migrations }))
  const registrations = sql(table)

  const standingOf = (key: string, row: object | undefined) =>
    row === undefined
      ? Effect.undefined
      : Effect.fromResult(Result.flatMap(
        Result.mapError(
          decodeRow(row),
          () => new OAuthError.RecordInvalid({ store: name, problem: `the registration of ${key}` })
        ),
        ({ registration, version }) =>
          Result.map(
            RegistrationStore.decode(registration, { store: name, key }),
            (registration): RegistrationStore.Standing => ({ version, registration })
          )
      ))

  const read = Effect.fnUntraced(function*(key: string) {
    const [row] = yield* run(sql`SELECT version, registration FROM ${registrations} WHERE key = ${key}`)
    return yield* standingOf(key, row)
  })

  return RegistrationStore.RegistrationStore.of({
    name,
    read: Effect.fn("SqlRegistrationStore.read")(read, failingIn("read")),
    write: Effect.fn("SqlRegistrationStore.write")(function*(key, expected, registration) {
      const version = yield* random.uuidV4()
      const text = RegistrationStore.encode(registration)
      // a loser writes the row as it is: only so the statement sees, and returns, what a concurrent winner has written
      const [row] = yield* run(
        expected === undefined
          ? sql`INSERT INTO ${registrations} AS r (key, version, registration) VALUES (${key}, ${version}, ${text})
            ON CONFLICT (key) DO UPDATE SET version = r.version
            RETURNING version, registration`
          : sql`UPDATE ${registrations} AS r SET
              registration = CASE WHEN r.version = ${expected} THEN ${text} ELSE r.registration END,
              version = CASE WHEN r.version = ${expected} THEN ${version} ELSE r.version END
            WHERE r.key = ${key}
            RETURNING version, registration`
      )
      const standing = yield* standingOf(key, row)
      return { accepted: standing?.version === version, standing }
    }, failingIn("write")),
    remove: Effect.fn("SqlRegistrationStore.remove")(function*(key, expected) {
      const [row] = yield* run(
        sql`DELETE FROM ${registrations} WHERE key = ${key} AND version = ${expected} RETURNING key`
      )
      return row === undefined
        ? { accepted: false, standing: yield* read(key) }
        : { accepted: true, standing: undefined }
    }, failingIn("remove"))
  })
})

/**
 * A store with one row for each registration; see {@link make}. Versions are drawn
 * from WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<RegistrationStore.RegistrationStore, OAuthError.OAuthError, SqlClient.SqlClient> =>
  Layer.provide(Layer.effect(RegistrationStore.RegistrationStore, make(options)), SecureRandom.layerWebCrypto)

const failingIn = (method: string) =>
  Effect.mapError((reason: OAuthError.OAuthErrorReason) => OAuthError.make("SqlRegistrationStore", method, reason))

const decodeRow = Schema.decodeUnknownResult(Schema.Struct({ version: Schema.String, registration: Schema.String }))
