/**
 * Where grants are kept: files of this machine, or a database that machines
 * share. Drivers are loaded when they are asked for.
 */
import * as EncryptedPendingAuthorizations from "@effect-oauth/core/EncryptedPendingAuthorizations"
import * as EncryptedTokenStore from "@effect-oauth/core/EncryptedTokenStore"
import { Escrow } from "@effect-oauth/core/Escrow"
import * as Keyring from "@effect-oauth/core/Keyring"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import * as RedisPendingAuthorizations from "@effect-oauth/core/RedisPendingAuthorizations"
import * as RedisTokenStore from "@effect-oauth/core/RedisTokenStore"
import type { TokenStore } from "@effect-oauth/core/TokenStore"
import { FileEscrow, FilePendingAuthorizations, FileTokenStore } from "@effect-oauth/node"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as SystemKeyring from "./SystemKeyring.ts"

/** Where, and what seals it. */
export interface Place {
  /** A directory, or the URL of a database. */
  readonly store: string
  /** The file with the keys, where bodies are sealed; `system` for the machine's own keyring. */
  readonly keyring: string | undefined
  /** Where this machine keeps what a database did not take. */
  readonly data: string
}

/** What is kept in a place. */
export type Kept = Escrow | PendingAuthorizations | TokenStore

/** The stores of a place. */
export const layer = (place: Place): Layer.Layer<Kept, OAuthError.OAuthError> => {
  const { directory } = escrowOf(place)
  const keyring = keyringOf(place)
  return keyring === undefined
    ? Layer.merge(bare(place), Layer.provide(FileEscrow.layer({ directory }), SecureRandom.layerWebCrypto))
    : Layer.mergeAll(
      Layer.provide(
        Layer.merge(EncryptedTokenStore.layer(), EncryptedPendingAuthorizations.layer),
        bare(place)
      ),
      Layer.provide(FileEscrow.layerSealed({ directory }), SecureRandom.layerWebCrypto)
    ).pipe(Layer.provide(keyring))
}

/** What can be done with sealed bodies; those in clear are sealed too. */
export const sealing = (
  place: Place & { readonly keyring: string }
): Layer.Layer<EncryptedTokenStore.EncryptedTokenStore, OAuthError.OAuthError> =>
  EncryptedTokenStore.layer({ unsealed: "accept" }).pipe(Layer.provide([keys(place.keyring, place), bare(place)]))

/**
 * Seals a place that holds nothing yet with a key in the machine's keyring, where it has one and nothing else is said.
 * Tells whether it does.
 */
export const sealIfNew = (place: Place): Effect.Effect<boolean> => {
  if (place.keyring !== undefined || isUrl(place.store) || SystemKeyring.isUsed(place.store)) {
    return Effect.succeed(false)
  }
  const grants = Path.join(place.store, "grants")
  if (Fs.existsSync(grants) && Fs.readdirSync(grants).some((name) => name.endsWith(".json"))) {
    return Effect.succeed(false)
  }
  return Effect.match(SystemKeyring.adopt(place.store), { onFailure: () => false, onSuccess: () => true })
}

/** A place as it is shown, and named: without user and password. */
export const shown = (store: string): string => {
  if (!isUrl(store)) return store
  if (!URL.canParse(store)) return store.replace(/^(\w+):.*$/s, "$1:…")
  const { host, pathname, protocol } = new URL(store)
  return `${protocol}//${host}${pathname}`
}

/** A place that is written where `base` is. */
export const resolve = (base: string, store: string): string =>
  isUrl(store) ? store : Path.resolve(base, store.startsWith("file://") ? fileURLToPath(store) : store)

/** Whether a place is a database's. */
export const isUrl = (store: string): boolean => /^(postgres(ql)?|rediss?):/.test(store)

const bare = ({ store }: Place): Layer.Layer<PendingAuthorizations | TokenStore, OAuthError.OAuthError> => {
  if (!isUrl(store)) return files(store)
  if (!URL.canParse(store)) return Layer.unwrap(Effect.fail(invalid("--store", "is no URL; correct it")))
  return store.startsWith("redis") ? redis(store) : postgres(store)
}

// what is in escrow belongs to one store
const escrowOf = ({ data, store }: Place): { readonly directory: string } => ({
  directory: isUrl(store)
    ? Path.join(data, "escrow-of", createHash("sha256").update(shown(store)).digest("hex"))
    : store
})

const files = (directory: string): Layer.Layer<PendingAuthorizations | TokenStore, OAuthError.OAuthError> =>
  Layer.mergeAll(
    FileTokenStore.layer({ directory }),
    FilePendingAuthorizations.layer({ directory })
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))

const postgres = (url: string): Layer.Layer<PendingAuthorizations | TokenStore, OAuthError.OAuthError> =>
  Layer.unwrap(Effect.gen(function*() {
    const { PgClient } = yield* Effect.promise(() => import("@effect/sql-pg"))
    const { PostgresTokenStore } = yield* Effect.promise(() => import("@effect-oauth/postgres"))
    const SqlPendingAuthorizations = yield* Effect.promise(() => import("@effect-oauth/core/SqlPendingAuthorizations"))
    return Layer.merge(PostgresTokenStore.layer(), SqlPendingAuthorizations.layer()).pipe(
      Layer.provide(orUnreachable("postgres", PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })))
    )
  }))

const redis = (url: string): Layer.Layer<PendingAuthorizations | TokenStore, OAuthError.OAuthError> =>
  Layer.unwrap(Effect.gen(function*() {
    const { NodeRedis } = yield* Effect.promise(() => import("@effect/platform-node"))
    // a command that cannot reach it says so, and does not wait
    const client = NodeRedis.layer({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } })
    return Layer.merge(RedisTokenStore.layer(), RedisPendingAuthorizations.layer()).pipe(
      Layer.provide(orUnreachable("redis", client))
    )
  }))

const orUnreachable = <A, E>(store: string, self: Layer.Layer<A, E>): Layer.Layer<A, OAuthError.OAuthError> => {
  const unreachable: Effect.Effect<Layer.Layer<A>, OAuthError.OAuthError> = Effect.fail(
    OAuthError.make("Store", "open", new OAuthError.StoreUnavailable({ store, problem: "unreachable" }))
  )
  return Layer.catch(self, () => Layer.unwrap(unreachable))
}

// a directory that was sealed with the machine's keyring is opened with it without being told
const keyringOf = (place: Place): Layer.Layer<Keyring.Keyring, OAuthError.OAuthError> | undefined => {
  const { keyring, store } = place
  if (keyring === undefined) {
    return !isUrl(store) && SystemKeyring.isUsed(store)
      ? keys(SystemKeyring.name, place)
      : undefined
  }
  return keyring === "none" ? undefined : keys(keyring, place)
}

const keys = (file: string, { store }: Place): Layer.Layer<Keyring.Keyring, OAuthError.OAuthError> =>
  file === SystemKeyring.name
    ? isUrl(store)
      ? Layer.unwrap(Effect.fail(
        invalid(
          "--keyring",
          "is \"system\", which other machines do not have; name a file of keys that all of them have"
        )
      ))
      : SystemKeyring.layer(store)
    : Layer.unwrap(
      Effect.try(() => Fs.readFileSync(file, "utf8")).pipe(
        Effect.mapError(() =>
          invalid("--keyring", `the file ${file} cannot be read; check the path, its owner and mode`)
        ),
        Effect.flatMap((text) =>
          Effect.mapError(
            Schema.decodeUnknownEffect(Keys)(text),
            // what it holds instead may be a key
            () => invalid("--keyring", `${file} does not hold {"current": NAME, "keys": {NAME: KEY}}; correct it`)
          )
        ),
        Effect.map(Keyring.layer)
      )
    )

const Keys = Schema.fromJsonString(Schema.Struct({
  current: Schema.String,
  keys: Schema.Record(Schema.String, Schema.RedactedFromValue(Schema.String))
}))

const invalid = (field: string, problem: string): OAuthError.OAuthError =>
  OAuthError.make("Store", "open", new OAuthError.ConfigurationInvalid({ field, problem }))

export { Escrow }
