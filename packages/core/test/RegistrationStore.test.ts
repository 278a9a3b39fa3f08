import { ClientRegistration, type OAuthError, RegisteredClient, RegistrationStore } from "@effect-oauth/core"
import * as SqlRegistrationStore from "@effect-oauth/core/SqlRegistrationStore"
import { RegistrationStoreContract, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Sqlite from "./support/sqlite.ts"

describe("RegistrationStore", () => {
  describe("layerMemory", () => {
    for (const law of RegistrationStoreContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, RegistrationStore.layerMemory))
    }
  })
})

describe("SqlRegistrationStore", () => {
  describe("layer", () => {
    for (const law of RegistrationStoreContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, sql()))
    }

    it.effect("keeps a client for the processes that come later", () =>
      Effect.gen(function*() {
        const first = yield* Effect.scoped(client)
        const second = yield* Effect.scoped(client)
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const sent = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "registration")

        assert.deepStrictEqual(second, first)
        assert.lengthOf(sent, 1)
      }).pipe(Effect.provide(Layer.merge(sql(), TestAuthorizationServer.layer({ registration: {} })))))

    it.effect("calls what it cannot read invalid, quotes none of it, and leaves it", () =>
      Effect.gen(function*() {
        const store = yield* RegistrationStore.RegistrationStore
        const database = yield* SqlClient.SqlClient
        yield* store.write("k", undefined, { format: 1, writeId: "w", state: { _tag: "Idle" } })
        yield* database`UPDATE oauth_registrations SET registration = ${`{"client":"secret"}`}`

        const error = yield* Effect.flip(store.read("k"))
        const [row] = yield* database<{ registration: string }>`SELECT registration FROM oauth_registrations`

        assert.strictEqual(
          error.message,
          "SqlRegistrationStore.read: The store (sqlite) holds a record that cannot be read (the registration of k); it was left as it is"
        )
        assert.strictEqual(row?.registration, `{"client":"secret"}`)
      }).pipe(Effect.provide(Layer.provideMerge(SqlRegistrationStore.layer(), Sqlite.layer()))))

    it.effect("is in the table that it is told", () =>
      Effect.gen(function*() {
        const store = yield* RegistrationStore.RegistrationStore
        const database = yield* SqlClient.SqlClient
        yield* store.write("k", undefined, { format: 1, writeId: "w", state: { _tag: "Idle" } })

        const rows = yield* database`SELECT key FROM clients_of_mine`

        assert.deepStrictEqual(rows, [{ key: "k" }])
      }).pipe(Effect.provide(
        Layer.provideMerge(SqlRegistrationStore.layer({ table: "clients_of_mine" }), Sqlite.layer())
      )))

    it.effect("says what a table may be called", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.provide(RegistrationStore.RegistrationStore, misnamed))

        assert.strictEqual(reasonOf(error), "ConfigurationInvalid")
      }))
  })
})

const sql = () => Layer.provide(SqlRegistrationStore.layer(), Layer.orDie(Sqlite.layer()))

const misnamed = SqlRegistrationStore.layer({ table: "a; DROP TABLE b" }).pipe(
  Layer.provide(Layer.orDie(Sqlite.layer()))
)

const reasonOf = ({ reason }: OAuthError.OAuthError): string => reason._tag

/** The client of a process of its own. */
const client = Effect.gen(function*() {
  const registered = yield* RegisteredClient.make({ metadata: { grantTypes: ["client_credentials"] } })
  const { clientId, clientSecret = Redacted.make("") } = yield* registered.current
  return [clientId, Redacted.value(clientSecret)]
}).pipe(Effect.provide(ClientRegistration.layer))
