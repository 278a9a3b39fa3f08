import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as SqlClient from "effect/sql/SqlClient"
import * as Fleet from "../fleet.ts"
import { median } from "../measure.ts"
import { at } from "../needs.ts"
import { stubFetch } from "../peers.ts"
import { open } from "../service.ts"
import { counted, pg, postgresStore } from "../stores.ts"
import type { Contender, Sample, Workload } from "../Workload.ts"

const renewals = 400

/** How many grants a keeper asks for at once. */
const pageOf = 256

/** So many grants in a table of their own, which are copies of one that the library wrote, due one by one for an hour. */
const fill = async (grants: number, table: string) => {
  const { runtime } = await open([["an-access-token-of-the-usual-length", "a-refresh-token-of-the-usual-length"]], {
    store: postgresStore(table)
  })
  await runtime.dispose()
  const sql = ManagedRuntime.make(pg())
  await sql.runPromise(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const name = sql(table)
    yield* sql`ALTER TABLE ${name} DISABLE TRIGGER USER`
    yield* sql`INSERT INTO ${name} (key, provider, account, state, version, due_at, changed_at, history, head, body)
      SELECT replace(key, 'account-0', 'account-' || n), provider, 'account-' || n, state, md5(n::text),
        floor((extract(epoch FROM now()) - 3600.0 * n / ${grants}::int) * 1000), changed_at, history,
        replace(head, 'account-0', 'account-' || n), body
      FROM ${name}, generate_series(1, ${grants - 1}::int) AS n`
    yield* sql`ALTER TABLE ${name} ENABLE TRIGGER USER`
    yield* sql`VACUUM ANALYZE ${name}`
  }))
  return sql
}

/** Pages of the database that were touched, once the server's sessions have told: an idle one does so after ten seconds. */
const touched = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.sleep("11 seconds")
  const [row] = yield* sql<{ readonly pages: number }>`
    SELECT (blks_hit + blks_read)::float8 AS pages FROM pg_stat_database WHERE datname = current_database()`
  return row?.pages ?? Number.NaN
})

/** Renews grants here and there in a table, and asks for what is due. */
const grow = async (grants: number): Promise<Sample> => {
  const table = `w8_${grants}`
  const sql = await fill(grants, table)
  stubFetch()
  const { seen, store } = counted(postgresStore(table))
  const { runtime, service } = await open([], { endpoint: "https://as.example/token", store })
  const { due } = await runtime.runPromise(TokenStore)
  const keyOf = (step: number) => service.key(`account-${1 + (step * 7_919) % (grants - 1)}`)
  const timed = async (effect: Effect.Effect<unknown, unknown>) => {
    const before = performance.now()
    await Effect.runPromise(Effect.orDie(effect))
    return performance.now() - before
  }
  // a process that knows its grants claims without a read: so it is here
  const known = Array.from({ length: renewals }, (_, step) => keyOf(step))
  await Effect.runPromise(Effect.orDie(Effect.forEach(known, (key) => service.token(key), { discard: true })))
  for (const key of known.slice(0, 50)) await timed(service.refresh(key))
  const page = due({ before: Date.now() + 86_400_000, limit: pageOf })
  await timed(page)

  seen.trips = 0
  const before = await sql.runPromise(touched)
  const times: Array<number> = []
  for (const key of known.slice(50)) times.push(await timed(renewal(service.keep(key))))
  const after = await sql.runPromise(touched)
  const { trips } = seen
  const pages: Array<number> = []
  for (let again = 0; again < 60; again++) pages.push(await timed(page))
  const done = await sql.runPromise(touched)
  const [size] = await sql.runPromise(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql<{ readonly bytes: number }>`SELECT pg_total_relation_size(${table})::float8 AS bytes`
    )
  )
  await sql.runPromise(
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DROP TABLE ${sql(table)}, ${sql(`${table}_aside`)}`)
  )
  const claimed = (after - before) / times.length
  const found = (done - after) / pages.length / pageOf
  return {
    all: claimed + found,
    pages: claimed,
    due: found,
    trips: trips / times.length,
    row: (size?.bytes ?? Number.NaN) / grants,
    ms: median(times),
    "ms due": median(pages)
  }
}

/** Whatever was not renewed was not measured. */
const renewal = <E>(kept: Effect.Effect<string, E>) =>
  Effect.flatMap(kept, (outcome) => outcome === "renewed" ? Effect.void : Effect.die(`nothing was renewed: ${outcome}`))

/** Grants that are due, and so many processes with a keeper each. */
const keep = async (processes: number, grants: number): Promise<Sample> => {
  const table = `w8k_${processes}_${grants}`
  await (await fill(grants, table)).dispose()
  const results = await Fleet.run(Array.from({ length: processes }, () => ({
    name: "keep",
    store: "postgres",
    place: table,
    endpoint: `${at("server")}/token`
  } as const)))
  const ms = Math.max(...results.map(({ ms }) => ms))
  const renewed = results.reduce((sum, { renewed }) => sum + renewed, 0)
  return {
    renewed,
    trips: results.reduce((sum, { trips }) => sum + trips, 0) / renewed,
    cpu: results.reduce((sum, { cpu }) => sum + cpu, 0) / renewed,
    heap: Math.max(...results.map(({ heap }) => heap)) / 1e6,
    "a second": renewed / ms * 1000
  }
}

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const grantsOf = (size: number) => `a renewal, ${size.toLocaleString("en")} grants`
const [least = 0] = sizes
const largest = sizes.at(-1) ?? 0
const keepers = [[1, 1_200], [2, 1_200], [4, 1_200], [1, 6_000]] as const
const keepersOf = ([processes, grants]: readonly [number, number]) =>
  `GrantKeeper, ${processes} ${processes === 1 ? "process" : "processes"}, ${grants.toLocaleString("en")} due`
const [few, , , more] = keepers

export const workload: Workload = {
  title: "growth in Postgres",
  metrics: {
    all: "pages touched for a renewal",
    pages: "of these by claim and commit",
    due: "by finding that it is due",
    trips: "round trips",
    row: "bytes of table and indexes for a grant",
    cpu: "CPU ms a renewal",
    heap: "MB held",
    renewed: "renewed",
    "a second": "renewals a second",
    ms: "ms a renewal",
    "ms due": `ms for ${pageOf} due`
  },
  cpu: ["cpu"],
  wall: ["ms", "ms due", "a second"],
  contenders: [
    ...sizes.map((size): Contender => ({
      name: grantsOf(size),
      kind: "ours",
      long: true,
      needs: ["postgres"],
      run: () => grow(size)
    })),
    ...keepers.map((of): Contender => ({
      name: keepersOf(of),
      kind: "ours",
      over: keepersOf(few),
      long: true,
      needs: ["postgres", "server"],
      run: () => keep(of[0], of[1])
    }))
  ],
  reach: [
    { contender: grantsOf(largest), metric: "ms", over: grantsOf(least), atMost: 1.2 },
    { contender: grantsOf(largest), metric: "all", over: grantsOf(least), atMost: 1.2 },
    // a row by an index: its own page, and a part of the index's
    { contender: grantsOf(largest), metric: "due", atMost: 2 },
    { contender: grantsOf(largest), metric: "trips", atMost: 2 },
    { contender: keepersOf(more), metric: "heap", over: keepersOf(few), atMost: 1.2 }
  ]
}
