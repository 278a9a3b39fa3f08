/**
 * Where grants, logins under way and sessions are kept: in files of this
 * machine, or in a database that several nodes share.
 */
import { type Escrow, OAuthError, type PendingAuthorizations, type TokenStore } from "@effect-oauth/core"
import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import { FileEscrow, FilePendingAuthorizations, FileTokenStore } from "@effect-oauth/node"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as Path from "node:path"

/** What is kept. */
export type Kept =
  | Escrow.Escrow
  | PendingAuthorizations.PendingAuthorizations
  | Persistence.BackingPersistence
  | TokenStore.TokenStore

/** The stores of a place; of a directory that goes with the process where none is named. */
export const layer = (place: string | undefined): Layer.Layer<Kept, OAuthError.OAuthError> =>
  place === undefined
    ? Layer.unwrap(Effect.map(temporary, files)).pipe(Layer.provide(NodeServices.layer))
    : /^postgres(ql)?:/.test(place)
    ? postgres(place)
    : files(Path.resolve(place))

const files = (directory: string): Layer.Layer<Kept, OAuthError.OAuthError> =>
  Layer.mergeAll(
    FileTokenStore.layer({ directory }),
    FileEscrow.layer({ directory }),
    FilePendingAuthorizations.layer({ directory }),
    Persistence.layerBackingKvs.pipe(
      Layer.provide(KeyValueStore.layerFileSystem(Path.join(directory, "sessions"))),
      Layer.provide(NodeServices.layer),
      unavailable("files")
    )
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))

const postgres = (url: string): Layer.Layer<Kept, OAuthError.OAuthError> =>
  Layer.mergeAll(
    PostgresTokenStore.layer(),
    SqlPendingAuthorizations.layer(),
    Persistence.layerBackingSql,
    // what the database did not take stays on this machine
    Layer.provide(FileEscrow.layer({ directory: ".effect-oauth" }), SecureRandom.layerWebCrypto)
  ).pipe(Layer.provide(PgClient.layer({ url: Redacted.make(url) }).pipe(unavailable("postgres"))))

const temporary = Effect.flatMap(
  FileSystem.FileSystem,
  (fs) => Effect.orDie(fs.makeTempDirectoryScoped({ prefix: "effect-oauth-web-" }))
)

const unavailable = (store: string) => <A, E>(self: Layer.Layer<A, E>): Layer.Layer<A, OAuthError.OAuthError> => {
  const failed: Effect.Effect<Layer.Layer<A>, OAuthError.OAuthError> = Effect.fail(
    OAuthError.make("Store", "layer", new OAuthError.StoreUnavailable({ store, problem: "unreachable" }))
  )
  return Layer.catch(self, () => Layer.unwrap(failed))
}
