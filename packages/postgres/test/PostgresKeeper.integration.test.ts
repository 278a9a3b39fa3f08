/** Keepers on one Postgres: several nodes at once, and more grants than anybody wants in memory. */
import { GrantKeeper, type GrantKey, TokenService, TokenStore } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Node from "./support/Node.ts"
import * as Postgres from "./support/postgres.ts"

/** `KEEPER_GRANTS=1000000` shows the same of a million. */
const many = Number(process.env["KEEPER_GRANTS"] ?? 50_000)

describe.skipIf(Postgres.isMissing)("keepers on Postgres", { timeout: 180_000 + many }, () => {
  it.live("renew each grant once, on four nodes at once", () =>
    Effect.gen(function*() {
      const { grants: table } = yield* Postgres.Tables
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const nodes = yield* Effect.forEach(["a", "b", "c", "d"], (name) => Node.make({ name, table }))
      const accounts = Array.from({ length: 60 }, (_, index) => `account-${index}`)
      for (const account of accounts) {
        const tokens = yield* server.issue()
        // due by now
        yield* nodes[0]!.service.adopt(nodes[0]!.service.key(account), {
          ...tokens,
          receivedAt: tokens.receivedAt - 3_550_000
        })
      }
      const keepers = yield* Effect.forEach(nodes, keeperOf)

      const reports = yield* Effect.all(keepers.map((keeper) => keeper.once), { concurrency: "unbounded" })
      const again = yield* Effect.all(keepers.map((keeper) => keeper.once), { concurrency: "unbounded" })

      const sum = (reports: ReadonlyArray<GrantKeeper.Report>) => reports.reduce((all, { renewed }) => all + renewed, 0)
      assert.deepStrictEqual([sum(reports), sum(again)], [60, 0])
      assert.lengthOf(yield* Node.requests, 60)
      const { families } = { families: yield* server.families }
      assert.isTrue(families.every(({ revoked }) => !revoked))
    }).pipe(withServer))

  it.live(
    `find what is due among ${many} grants by the index, and hold two pages of it in memory`,
    () =>
      Effect.gen(function*() {
        const { grants: table, sql } = yield* Postgres.Tables
        const node = yield* Node.make({ name: "a", table })
        const key = yield* Node.login(node.service)
        const total = many
        // as many that are due, of this client and of others; the same records under other names
        yield* sql`INSERT INTO ${sql(table)}
        SELECT replace(g.key, '|ada', '|account-' || i), g.provider, 'account-' || i, g.state, g.version || i,
          floor(extract(epoch FROM clock_timestamp()) * 1000) - i, NULL, NULL, g.changed_at, g.history, g.head, g.body
        FROM ${sql(table)} AS g, generate_series(1, ${total}::integer) AS i WHERE g.key = ${key.id}`
        yield* sql`INSERT INTO ${sql(table)}
        SELECT 'other' || g.key, 'other', g.account, g.state, g.version, g.due_at - 1e9, NULL, NULL, g.changed_at,
          g.history, g.head, g.body FROM ${sql(table)} AS g WHERE g.account <> 'ada'`
        yield* sql`ANALYZE ${sql(table)}`

        // a keeper that renews nothing: what it takes to come by all of them
        const seen = new Set<string>()
        let [shown, most] = [0, 0]
        const keeper = yield* GrantKeeper.make({ limit: { permits: 1e6, interval: "1 second" }, concurrency: 64 }).pipe(
          Effect.provideService(TokenStore.TokenStore, {
            ...node.store,
            due: (options) =>
              Effect.tap(node.store.due(options), ({ heads }) =>
                Effect.sync(() => {
                  shown += options.limit === 1 ? 0 : heads.length
                  most = Math.max(most, shown - seen.size)
                }))
          }),
          Effect.provideService(TokenService.TokenService, {
            ...node.service,
            keep: (key: GrantKey.GrantKey) =>
              Effect.sync(() => {
                seen.add(key.account)
                return "current" as const
              })
          })
        )
        node.statements.length = 0
        const report = yield* keeper.once
        const queries = node.statements.filter((text) => text.includes("due_at <"))

        assert.deepStrictEqual([report.current, seen.size], [total, total])
        // by pages, and no grant is read
        assert.isAtMost(queries.length, total / 256 + 4)
        assert.isAtMost(node.statements.length, queries.length + 2)
        // what was shown and has not had its turn yet
        assert.isAtMost(most, 2 * 256)

        const plan = yield* sql`EXPLAIN (ANALYZE, FORMAT JSON)
        SELECT key, due_at, head FROM ${sql(table)}
        WHERE due_at < 9e15 AND provider IN ('test') ORDER BY due_at, key LIMIT 257`
        const nodes = nodesOf(plan[0]?.["QUERY PLAN"])
        assert.deepStrictEqual(nodes.filter(({ type }) => type.includes("Seq Scan") || type.includes("Sort")), [])
        assert.isAtMost(Math.max(...nodes.map(({ rows, removed }) => rows + removed)), 257)
      }).pipe(withServer)
  )
})

const keeperOf = (node: Node.Node) =>
  GrantKeeper.make().pipe(
    Effect.provideService(TokenStore.TokenStore, node.store),
    Effect.provideService(TokenService.TokenService, node.service)
  )

interface PlanNode {
  readonly type: string
  readonly rows: number
  readonly removed: number
}

const nodesOf = (plan: unknown): ReadonlyArray<PlanNode> => {
  const found: Array<PlanNode> = []
  JSON.stringify(plan, (_, value) => {
    if (typeof value === "object" && value !== null && "Node Type" in value) {
      found.push({
        type: String(value["Node Type"]),
        rows: Number(value["Actual Rows"]),
        removed: Number(value["Rows Removed by Filter"] ?? 0)
      })
    }
    return value
  })
  return found
}

const withServer = <A, E, R>(test: Effect.Effect<A, E, R>) =>
  Effect.provide(Postgres.withTables(test), TestAuthorizationServer.layer())
