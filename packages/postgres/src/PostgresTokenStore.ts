/**
 * Grants in a table of Postgres, and notifications of their changes between all
 * processes that use it.
 *
 * @since 0.1.0
 */
import * as Configuration from "@effect-oauth/core/Configuration"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import { PgClient } from "@effect/sql-pg/PgClient"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as Changes from "./internal/changes.ts"
import * as Migrations from "./internal/migrations.ts"

/**
 * Brings the table and its trigger up to date.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrate: (
  options?: Pick<SqlTokenStore.Options, "table">
) => Effect.Effect<void, OAuthError.OAuthError, PgClient> = Effect.fnUntraced(function*(options) {
  const client = yield* PgClient
  const run = Effect.andThen(
    SqlTokenStore.migrate(options),
    Migrations.run(options?.table ?? SqlTokenStore.defaultTable)
  )
  yield* Effect.provideService(run, SqlClient.SqlClient, client)
})

/**
 * The migrations that make the trigger, by number and name; those of
 * `SqlTokenStore` come first.
 *
 * @category configuration
 * @since 0.1.0
 */
export const migrations = (
  options?: Pick<SqlTokenStore.Options, "table">
): Migrations.Migrations => Migrations.make(options?.table ?? SqlTokenStore.defaultTable)

/**
 * Makes a store with one row for each grant: `SqlTokenStore`, plus `changes` by
 * `LISTEN` and `NOTIFY`.
 *
 * **Details**
 *
 * - A trigger on the table notifies, so that every writer is heard, whatever it
 *   is; it does so as part of the write, and once it is committed. All grants
 *   share one channel, which has the table's name.
 * - The store listens on one connection of its own, beside the pool of the
 *   client and with the same settings, while its scope is open.
 * - Each time this connection is made, and whenever it is missing afterwards,
 *   `changes` says `Gap`; a connection that died without a word is noticed
 *   within about fifteen seconds.
 * - Where notifications cannot work (the trigger is missing), a warning is
 *   logged and `changes` ends: snapshots then live for
 *   `RefreshPolicy.maxStaleness`.
 *
 * **Gotchas**
 *
 * The ids of keys, with the names of accounts in them, are in the notifications,
 * and every role that may connect to the database may listen. Tokens are not.
 *
 * A pooler in transaction mode does not carry notifications; this is noticed and
 * logged. Connect to the server itself, or in session mode.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: SqlTokenStore.Options) => Effect.Effect<
  TokenStore.TokenStore["Service"],
  OAuthError.OAuthError,
  PgClient | Scope.Scope | SecureRandom.SecureRandom
> = Effect.fnUntraced(function*(options?: SqlTokenStore.Options) {
  const client = yield* PgClient
  if (options?.migrations !== "skip") yield* migrate(options)
  const store = yield* Effect.provideService(
    SqlTokenStore.make({ ...options, migrations: "skip" }),
    SqlClient.SqlClient,
    client
  )
  const changes = yield* Changes.listen(client, options?.table ?? SqlTokenStore.defaultTable)
  return TokenStore.TokenStore.of({ ...store, changes })
})

/**
 * A store with one row for each grant and notifications; see {@link make}.
 * Versions are drawn from WebCrypto.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: SqlTokenStore.Options
): Layer.Layer<TokenStore.TokenStore, OAuthError.OAuthError, PgClient> =>
  Layer.provide(Layer.effect(TokenStore.TokenStore, make(options)), SecureRandom.layerWebCrypto)

/**
 * The same, with options of which each is a value or comes from `Config`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Configuration.Options<SqlTokenStore.Options>
): Layer.Layer<TokenStore.TokenStore, OAuthError.OAuthError, PgClient> => Configuration.layer(options, layer)
