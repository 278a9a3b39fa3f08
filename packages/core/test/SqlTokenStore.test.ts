import { Grant, GrantKey, type OAuthError, TokenStore } from "@effect-oauth/core"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { TokenStoreContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient, Statement } from "effect/sql"
import * as Sqlite from "./support/sqlite.ts"

describe("SqlTokenStore", () => {
  describe("on SQLite", () => {
    for (const law of TokenStoreContract.cases) {
      it.live(law.name, () => Effect.provide(law.run, live()))
    }
  })

  it.live("compares and swaps in one statement, won or lost", () =>
    Effect.gen(function*() {
      const { run, statements } = counting(yield* TokenStore.TokenStore)

      const created = yield* run((store) => store.write(undefined, draft()))
      const again = yield* run((store) => store.write(undefined, draft()))
      const claimed = yield* run((store) => store.write(created.grant?.version, draft({ leaseFor: 1000 })))
      const lost = yield* run((store) => store.write(created.grant?.version, draft()))
      const extended = yield* run((store) =>
        store.extend(key, { version: claimed.grant?.version ?? "", leaseFor: 2000 })
      )

      const accepted = [created, again, claimed, lost, extended].map((outcome) => outcome.accepted)
      assert.deepStrictEqual(accepted, [true, false, true, false, true])
      assert.deepStrictEqual(statements, [1, 1, 1, 1, 1])
      assert.deepStrictEqual(lost.grant, claimed.grant)
    }).pipe(Effect.provide(live())))

  it.live("writes by two texts, whatever is written, and all values are texts: so each is prepared once", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore
      const note = { what: "Claimed", by: "a-process" }
      const shapes: ReadonlyArray<Partial<Grant.Draft>> = [
        {},
        { dueIn: 1, retryIn: 2.5, leaseFor: 1e12, note },
        { state: { _tag: "Revoked", at: 1, remote: "done" } },
        { dueIn: 1e13 }
      ]

      const statements = yield* compiled(Effect.gen(function*() {
        for (const [place, shape] of shapes.entries()) {
          const { grant } = yield* store.write(undefined, draft({ ...shape, key: keyOf(`account-${place}`).id }))
          yield* store.write(grant?.version, draft({ ...shape, key: keyOf(`account-${place}`).id }))
        }
      }))

      assert.lengthOf(statements, 2 * shapes.length)
      assert.strictEqual(new Set(statements.map(([text]) => text)).size, 2)
      const kinds = statements.flatMap(([, values]) => values.map((value) => value === null ? "null" : typeof value))
      assert.deepStrictEqual([...new Set(kinds)].toSorted(), ["null", "string"])
    }).pipe(Effect.provide(live())))

  it.live("says nothing of a head and a body to who has just written them", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore
      const sql = yield* SqlClient.SqlClient
      const [insert] = yield* compiled(store.write(undefined, draft()))
      yield* sql`DELETE FROM oauth_grants`

      const rows = yield* sql.unsafe<Record<string, unknown>>(...insert!)

      assert.deepStrictEqual(rows.map(({ body, head }) => ({ body, head })), [{ body: null, head: null }])
    }).pipe(Effect.provide(live())))

  it.live("is RecordInvalid, and writes nothing, where a draft is no record", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore
      const { grant } = yield* store.write(undefined, draft())

      for (const changes of [{ key: "ada" }, { serial: Number.NaN }, { dueIn: Number.NaN }, { leaseFor: Infinity }]) {
        const error = yield* Effect.flip(store.write(grant?.version, draft(changes)))
        assert.strictEqual(error.reason._tag, "RecordInvalid")
        assert.include(error.message, "was given a record that cannot be kept")
      }
      assert.deepStrictEqual((yield* store.read(key)).grant, grant)
    }).pipe(Effect.provide(live())))

  it.live("finds records in unusual states by an index that holds no others", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore
      const sql = yield* SqlClient.SqlClient
      const states = ["Renewing", "Indeterminate", "ReauthorizationRequired", "Revoked"] as const
      const asked = yield* compiled(Effect.forEach(states, (state) => store.list({ limit: 1, state })))
      for (const [text, values] of asked) {
        const plan = yield* sql.unsafe<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`, values)
        assert.include(plan.map(({ detail }) => detail).join("\n"), "USING INDEX oauth_grants_unusual (state=?")
      }
      assert.lengthOf(asked, states.length)
      const indexes = yield* sql<{ readonly name: string }>`SELECT name FROM sqlite_master WHERE type = 'index'`
      assert.notInclude(indexes.map(({ name }) => name), "oauth_grants_state")
    }).pipe(Effect.provide(live())))

  describe("a row that cannot be read", () => {
    const damages = {
      "a head that is not JSON": "head = '{'",
      "a head of another shape": "head = '[]'",
      "a head without a state": `head = '{"format":1}'`,
      "a body that is not JSON": "body = 'x'",
      "a body that is null": "body = 'null'",
      "a body of another shape": `body = '{"_tag":"Open"}'`
    }

    for (const [what, damage] of Object.entries(damages)) {
      it.live(`is RecordInvalid and left as it is: ${what} [I12]`, () =>
        Effect.gen(function*() {
          const store = yield* TokenStore.TokenStore
          yield* store.write(undefined, draft())
          const sql = yield* SqlClient.SqlClient
          yield* sql.unsafe(`UPDATE oauth_grants SET ${damage}`)
          const before = yield* sql`SELECT * FROM oauth_grants`

          const error = yield* Effect.flip(store.read(key))

          assert.strictEqual(error.reason._tag, "RecordInvalid")
          assert.notInclude(error.message, "access-1")
          assert.strictEqual((yield* Effect.flip(store.write(undefined, draft()))).reason._tag, "RecordInvalid")
          assert.deepStrictEqual(yield* sql`SELECT * FROM oauth_grants`, before)
        }).pipe(Effect.provide(live())))
    }

    it.live("keeps the contract of what cannot be read", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const damage = ({ id }: GrantKey.GrantKey) =>
          Effect.orDie(Effect.asVoid(sql`UPDATE oauth_grants SET head = '{' WHERE key = ${id}`))

        yield* Effect.forEach(TokenStoreContract.unreadable(damage), (law) => law.run, { discard: true })
      }).pipe(Effect.provide(live())))

    it.live("is kept whole in a table of its own when it is set aside", () =>
      Effect.gen(function*() {
        const store = yield* TokenStore.TokenStore
        yield* store.write(undefined, draft())
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE oauth_grants SET body = 'damaged'`
        const before = yield* sql`SELECT * FROM oauth_grants`
        const { reason } = yield* Effect.flip(store.read(key))

        const aside = yield* store.setAside(key, reason._tag === "RecordInvalid" ? reason.version ?? "" : "")

        assert.strictEqual(aside.place, "the table oauth_grants_aside")
        assert.deepStrictEqual(yield* sql`SELECT * FROM oauth_grants_aside`, before)
        assert.deepStrictEqual(yield* sql`SELECT * FROM oauth_grants`, [])
      }).pipe(Effect.provide(live())))

    it.live("is passed over by due and list", () =>
      Effect.gen(function*() {
        const store = yield* TokenStore.TokenStore
        for (const account of ["a", "b", "c"]) {
          yield* store.write(undefined, draft({ key: keyOf(account).id, dueIn: 0 }))
        }
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE oauth_grants SET head = 'x' WHERE account = 'b'`

        const due = yield* store.due({ before: 1e15, limit: 2 })
        const rest = yield* store.due({ before: 1e15, limit: 2, cursor: due.cursor })
        const list = yield* store.list({ limit: 10 })

        assert.deepStrictEqual([...accounts(due), ...accounts(rest)], ["a", "c"])
        assert.deepStrictEqual(accounts(list), ["a", "c"])
      }).pipe(Effect.provide(live())))
  })

  it.live("fails with the code of what went wrong, and tells nothing of statement and values [I11]", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore
      const sql = yield* SqlClient.SqlClient
      yield* sql`DROP TABLE oauth_grants`

      const error = yield* Effect.flip(store.write(undefined, draft()))

      assert.strictEqual(
        error.message,
        "SqlTokenStore.write: The store (sqlite) is not available (ERR_SQLITE_ERROR)"
      )
      assert.notMatch(JSON.stringify(error), /INSERT|access-1|ada/)
    }).pipe(Effect.provide(live())))

  it.live("brings the table up to date once", () =>
    Effect.gen(function*() {
      yield* SqlTokenStore.migrate()
      yield* SqlTokenStore.migrate()

      const sql = yield* SqlClient.SqlClient
      const ran = yield* sql`SELECT migration_id FROM oauth_grants_migrations`
      assert.lengthOf(ran, Object.keys(SqlTokenStore.migrations()).length)
    }).pipe(Effect.provide(Sqlite.layer())))

  it.live("makes no table where migrations are skipped", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.TokenStore

      const error = yield* Effect.flip(store.read(key))

      assert.strictEqual(error.reason._tag, "StoreUnavailable")
    }).pipe(Effect.provide(live({ migrations: "skip" }))))

  for (const table of ["", "grants; drop table x", "a.b.c", "\"grants\"", "g".repeat(41), "1grants"]) {
    it.live(`does not take ${JSON.stringify(table)} for a table`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Layer.build(live({ table })))

        assert.strictEqual((error as OAuthError.OAuthError).reason._tag, "ConfigurationInvalid")
      }))
  }

  it.live("refuses dialects that it was not tried with", () =>
    Effect.gen(function*() {
      const compiler = Statement.makeCompiler({
        dialect: "mysql",
        placeholder: () => "?",
        onIdentifier: (name) => name,
        onRecordUpdate: () => ["", []],
        onCustom: () => ["", []]
      })

      const error = yield* Effect.flip(Layer.build(Layer.provide(SqlTokenStore.layer(), Sqlite.layer({ compiler }))))

      assert.include(String(error), "SqlClient: this dialect is not supported")
    }))
})

const live = (options?: SqlTokenStore.Options) => Layer.provideMerge(SqlTokenStore.layer(options), Sqlite.layer())

const keyOf = (account: string) =>
  GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account })

const key = keyOf("ada")

const accounts = (page: TokenStore.Page) => page.heads.map((head) => GrantKey.fromId(head.key)?.account)

const draft = (changes?: Partial<Grant.Draft>): Grant.Draft => ({
  format: Grant.format,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "write-1",
  lineage: "lineage-1",
  serial: 0,
  installation: "default",
  body: {
    _tag: "Open",
    accessTokens: [{ target: "", value: Redacted.make("access-1"), type: "Bearer", issuedAt: 1 }]
  },
  ...changes
})

/** The statements of an effect, as they are sent. */
const compiled = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const statements: Array<readonly [text: string, values: ReadonlyArray<unknown>]> = []
  yield* Effect.provideService(effect, Statement.CurrentTransformer, (statement) =>
    Effect.sync(() => {
      statements.push(statement.compile(true))
      return statement
    }))
  return statements
})

/** Counts the statements of each call. */
const counting = (store: TokenStore.TokenStore["Service"]) => {
  const statements: Array<number> = []
  return {
    statements,
    run: <A, E>(call: (store: TokenStore.TokenStore["Service"]) => Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        let count = 0
        return call(store).pipe(
          Effect.provideService(Statement.CurrentTransformer, (statement) =>
            Effect.sync(() => {
              count++
              return statement
            })),
          Effect.tap(() => Effect.sync(() => statements.push(count)))
        )
      })
  }
}
