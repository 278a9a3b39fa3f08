import { TokenEndpoint } from "@effect-oauth/core"
import { Ledger, TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Albums } from "./Albums.ts"

describe("client-credentials-service", () => {
  it.effect("calls the API with one token until it is due, then with another", () =>
    Effect.gen(function*() {
      const albums = yield* Albums

      const found = yield* albums.list
      yield* albums.list
      yield* TestClock.adjust("2 hours")
      yield* albums.list

      assert.deepStrictEqual(found, [{ title: "Blue Train" }])
      assert.deepStrictEqual(yield* seen("issued", "used"), [
        "issued f1-a1",
        "used f1-a1",
        "used f1-a1",
        "issued f2-a1",
        "used f2-a1"
      ])
    }).pipe(Effect.provide(Live)))

  it.effect("calls once more, with another token, when the provider has ended the first", () =>
    Effect.gen(function*() {
      const albums = yield* Albums
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* albums.list

      const [first] = (yield* server.families).flatMap(({ accessTokens }) => accessTokens)
      yield* server.revoke(first!)
      yield* albums.list

      assert.deepStrictEqual(yield* seen("issued", "used"), [
        "issued f1-a1",
        "used f1-a1",
        "issued f2-a1",
        "used f2-a1"
      ])
    }).pipe(Effect.provide(Live)))
})

const Live = Albums.layer("https://api.test").pipe(
  Layer.provide(TokenEndpoint.layer),
  Layer.provideMerge(TestAuthorizationServer.layer({ api: () => TestHttp.json([{ title: "Blue Train" }]) }))
)

const seen = (...kinds: ReadonlyArray<Ledger.Kind>) =>
  Effect.map(
    Effect.flatMap(TestAuthorizationServer.TestAuthorizationServer, (server) => server.ledger),
    (entries) => Ledger.ofKind(entries, ...kinds).map(({ kind, token }) => `${kind} ${token}`)
  )
