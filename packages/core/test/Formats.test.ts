/** Records as earlier versions have written them: they are read for ever, and mean what they meant. */
import { EncryptedTokenStore, Grant, GrantSchema, TokenStore } from "@effect-oauth/core"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Formats from "./support/formats.ts"
import * as Sqlite from "./support/sqlite.ts"

describe("a record of format 1", () => {
  for (const [name, record] of Object.entries(Formats.records)) {
    it.effect(`is decoded: ${name}`, () =>
      Effect.gen(function*() {
        const grant = yield* Effect.fromResult(GrantSchema.decode(fixture(name)))

        assert.deepStrictEqual(Formats.plain(grant), Formats.plain(record))
      }))

    it(`is encoded as it was: ${name}`, () => {
      assert.deepStrictEqual(JSON.parse(JSON.stringify(Result.getOrThrow(GrantSchema.encode(record)))), fixture(name))
    })
  }

  it("is encoded as it was with members that nobody knows", () => {
    const json = fixture("later members")

    const grant = GrantSchema.decode(json)

    assert.deepStrictEqual(
      grant._tag === "Success" ? Result.getOrThrow(GrantSchema.encode(grant.success)) : undefined,
      json
    )
  })

  it.effect("is opened with its key where it was sealed", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const sealed = yield* Effect.fromResult(GrantSchema.decode(fixture("sealed")))
      yield* store.write(undefined, Grant.draft(sealed, { now: 0, writeId: "w" }))
      const { tokenStore } = yield* EncryptedTokenStore.make().pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Effect.provide(Layer.mergeAll(Formats.keyring, Formats.random))
      )

      const { grant } = yield* tokenStore.read(Formats.key)

      assert.deepStrictEqual(Formats.plain(grant?.body), Formats.plain(Formats.records.active.body))
    }))
})

describe("a table of SqlTokenStore", () => {
  it.effect("keeps the rows of its first version when it is brought up to date", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      for (const statement of text("table.sql").split(";\n")) yield* sql.unsafe(statement)

      const store = yield* Effect.provide(SqlTokenStore.make(), Formats.random)
      const { grant } = yield* store.read(Formats.key)
      const due = yield* store.due({ before: 2e12, limit: 10, providers: ["test"] })
      const all = yield* store.list({ limit: 10 })
      const outcome = yield* store.write(grant?.version, Grant.draft(grant!, { now: 0, writeId: "w" }))

      assert.deepStrictEqual(Formats.plain(grant), Formats.plain(Formats.records.active))
      assert.deepStrictEqual([due.heads.length, all.heads.length], [1, 1])
      assert.isTrue(outcome.accepted)
    }).pipe(Effect.provide(Sqlite.layer())))
})

const text = (name: string): string =>
  Fs.readFileSync(Path.join(import.meta.dirname, "fixtures/format-1", name), "utf8").trim()

const fixture = (name: string): unknown => JSON.parse(text(`${name}.json`))
