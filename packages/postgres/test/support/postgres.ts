/**
 * The server of the tests. Whoever asks for tables has a schema of its own in it.
 */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"

const server = inject("postgres")

/** Whether there is none; the set-up has said so. */
export const isMissing = server === undefined

export const url = server?.url ?? "postgres://nowhere"

/** A client with a pool, as a process has it. */
export const client = (options?: Omit<PgClient.PgPoolConfig, "url"> & { readonly url?: string }) =>
  PgClient.layer({ ...options, url: Redacted.make(options?.url ?? url) })

/** Names of tables in a schema that is made now and dropped with its scope, and a client to look at them. */
export class Tables extends Context.Service<Tables, {
  readonly schema: string
  readonly grants: string
  readonly pending: string
  readonly sql: PgClient.PgClient
}>()("test/Tables") {
  static readonly make = Effect.gen(function*() {
    const sql = yield* Effect.map(Layer.build(client({ maxConnections: 2 })), Context.get(PgClient.PgClient))
    const schema = `test_${randomBytes(6).toString("hex")}`
    yield* Effect.acquireRelease(
      sql`CREATE SCHEMA ${sql(schema)}`,
      () => Effect.orDie(sql`DROP SCHEMA ${sql(schema)} CASCADE`)
    )
    return Tables.of({ schema, grants: `${schema}.grants`, pending: `${schema}.pending`, sql })
  })

  static readonly layer = Layer.effect(Tables, Tables.make)
}

/** Runs a test with tables of its own, which outlive everything that the test opens. */
export const withTables = <A, E, R>(test: Effect.Effect<A, E, R>) => Effect.provide(Effect.scoped(test), Tables.layer)
