import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Redacted } from "effect"
import { inject } from "vitest"
import * as Node from "./support/Node.ts"
import * as PostgresServer from "./support/PostgresServer.ts"

// a server that may be stopped is one that was started here
describe.skipIf(inject("postgres")?.isOurs !== true)("Postgres, stopped and started", () => {
  it.live("gives the pair that came meanwhile its place when it is back, and serves tokens all the time [I2, I7]", () =>
    Effect.gen(function*() {
      const database = yield* Database
      const { events, hold, service, store } = yield* Node.make({ name: "a", table: "grants", url: database.url })
      const key = yield* Node.login(service, "earlier")
      const held = yield* hold

      const renewal = yield* Effect.forkChild(service.token(key))
      yield* held.arrived
      yield* Effect.promise(database.stop)
      yield* held.release
      const renewed = yield* Fiber.join(renewal)
      const unavailable = yield* Effect.flip(store.read(key))
      const served = yield* service.token(key)
      yield* Effect.promise(database.start)
      yield* Node.until(() => events.includes("Saved"))
      const { grant } = yield* store.read(key)

      assert.strictEqual(unavailable.reason._tag, "StoreUnavailable")
      assert.strictEqual(Redacted.value(served.value), Redacted.value(renewed.value))
      assert.deepStrictEqual(events.filter((event) => event === "Unsaved" || event === "Saved"), ["Unsaved", "Saved"])
      const saved = grant?.body._tag === "Open" ? grant.body.accessTokens[0] : undefined
      assert.strictEqual(saved === undefined ? "" : Redacted.value(saved.value), Redacted.value(renewed.value))
      assert.lengthOf(yield* Node.requests, 1)
    }).pipe(withDatabase))

  it.live("fails with the code of the failure while it is away, and nothing is sent for an ended token", () =>
    Effect.gen(function*() {
      const database = yield* Database
      const { service, store } = yield* Node.make({ name: "a", table: "grants", url: database.url })
      const key = yield* Node.login(service, "earlier")
      yield* Effect.promise(database.stop)

      const read = yield* Effect.flip(store.read(key))
      const token = yield* Effect.flip(service.token(key))

      assert.strictEqual(read.message, "SqlTokenStore.read: The store (postgres) is not available (ECONNREFUSED)")
      assert.strictEqual(token.reason._tag, "StoreUnavailable")
      assert.deepStrictEqual(yield* Node.requests, [])
    }).pipe(withDatabase))
})

class Database extends Context.Service<Database, PostgresServer.PostgresServer>()("test/Database") {
  static readonly make = Effect.acquireRelease(
    Effect.promise(() => PostgresServer.launch({ settings: { fsync: "on" } })),
    (server) => Effect.promise(server.dispose)
  )
}

function withDatabase<A, E, R>(test: Effect.Effect<A, E, R>) {
  return Effect.scoped(Effect.provideServiceEffect(Effect.scoped(test), Database, Database.make)).pipe(
    Effect.provide(TestAuthorizationServer.layer())
  )
}
