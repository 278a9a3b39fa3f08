// The stores that contenders share with others.
import * as RedisTokenStore from "@effect-oauth/core/RedisTokenStore"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as FileTokenStore from "@effect-oauth/node/FileTokenStore"
import * as PostgresTokenStore from "@effect-oauth/postgres/PostgresTokenStore"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { at } from "./needs.ts"

/** The client of Postgres. */
export const pg = () => Layer.orDie(PgClient.layer({ url: Redacted.make(at("postgres")), maxConnections: 10 }))

/** The client of Redis. */
export const redis = () => Layer.orDie(NodeRedis.layer({ socket: { path: at("redis"), tls: false } }))

export const postgresStore = (table = "bench"): Layer.Layer<TokenStore> =>
  Layer.orDie(PostgresTokenStore.layer({ table }).pipe(Layer.provide(pg())))

export const redisStore = (): Layer.Layer<TokenStore> =>
  Layer.orDie(RedisTokenStore.layer().pipe(Layer.provide(redis())))

export const fileStore = (directory: string): Layer.Layer<TokenStore> =>
  Layer.orDie(FileTokenStore.layer({ directory }).pipe(Layer.provide(SecureRandom.layerWebCrypto)))

/** The kinds of store. */
export type Kind = "postgres" | "redis" | "file"

/** A store by its kind, and its table or directory. */
export const storeOf = (kind: Kind, place: string): Layer.Layer<TokenStore> =>
  kind === "postgres" ? postgresStore(place) : kind === "redis" ? redisStore() : fileStore(place)

/** A store whose readings and writings are counted. */
export const counted = (store: Layer.Layer<TokenStore>) => {
  const seen = { trips: 0 }
  const counting = Effect.map(TokenStore, (store) =>
    TokenStore.of({
      ...store,
      read: (key) => Effect.suspend(() => (seen.trips++, store.read(key))),
      write: (expected, draft) => Effect.suspend(() => (seen.trips++, store.write(expected, draft)))
    }))
  return { seen, store: Layer.provide(Layer.effect(TokenStore, counting), store) }
}
