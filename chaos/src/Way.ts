/** How a process reaches a store. */
import { RedisTokenStore, type TokenStore } from "@effect-oauth/core"
import { FileTokenStore } from "@effect-oauth/node"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { NodeRedis } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"

/** The kinds of store. */
export const kinds = ["postgres", "redis", "file"] as const

export type Kind = (typeof kinds)[number]

/** How a process reaches a store: a port of this machine, or a directory. */
export interface Way {
  readonly kind: Kind
  readonly port?: number | undefined
  readonly directory?: string | undefined
}

/** What a process needs to use a store. */
export const layer = (way: Way): Layer.Layer<TokenStore.TokenStore> => {
  switch (way.kind) {
    case "postgres":
      return PostgresTokenStore.layer({ migrations: "skip" }).pipe(
        Layer.provide(PgClient.layer({
          url: Redacted.make(`postgres://postgres@127.0.0.1:${way.port}/postgres`),
          maxConnections: 4,
          connectTimeout: "2 seconds"
        })),
        Layer.orDie
      )
    case "redis":
      return RedisTokenStore.layer().pipe(
        Layer.provide(NodeRedis.layer({
          url: `redis://127.0.0.1:${way.port}`,
          disableOfflineQueue: true,
          pingInterval: 1_000,
          socket: { socketTimeout: 3_000, reconnectStrategy: (retries) => Math.min(20 * 2 ** retries, 200) }
        })),
        Layer.orDie
      )
    case "file":
      return FileTokenStore.layer({ directory: way.directory ?? "" }).pipe(
        Layer.provide(SecureRandom.layerWebCrypto),
        Layer.orDie
      )
  }
}
