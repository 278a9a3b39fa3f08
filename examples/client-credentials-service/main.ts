/**
 * Calls the API every two seconds, with tokens that live five. The server is in
 * memory; yours is `GenericRfc6749.layerConfig` and `OAuthHttpClient.layerFetch`
 * in its place.
 */
import { TokenEndpoint } from "@effect-oauth/core"
import { Ledger, TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Albums } from "./Albums.ts"

const Server = TestAuthorizationServer.layer({
  accessTokenLifetime: "5 seconds",
  api: () => TestHttp.json([{ title: "Blue Train" }])
})

const Live = Albums.layer("https://api.test").pipe(
  Layer.provide(TokenEndpoint.layer),
  Layer.provideMerge(Server)
)

const program = Effect.gen(function*() {
  const albums = yield* Albums
  const server = yield* TestAuthorizationServer.TestAuthorizationServer

  yield* albums.list.pipe(
    Effect.tap((found) => Console.log(`${found.length} album`)),
    Effect.andThen(Effect.sleep("2 seconds")),
    Effect.repeat({ times: 4 })
  )
  yield* Console.log("What the server saw:\n" + Ledger.format(yield* server.ledger))
})

NodeRuntime.runMain(Effect.provide(program, Live))
