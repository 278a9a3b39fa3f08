/**
 * A command line tool with `login`, `whoami` and `logout`. The login goes through
 * the browser of this machine; the grant is kept in a file, and any number of
 * processes of the tool may use it at once.
 */
import {
  AuthorizationServer,
  AuthorizedHttpClient,
  Login,
  OAuthClient,
  OAuthHttpClient,
  RefreshPolicy,
  TokenService
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { FilePendingAuthorizations, FileTokenStore, LoopbackLogin, OpenBrowser } from "@effect-oauth/node"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Config, Console, Effect, Layer, Schema } from "effect"
import { Command } from "effect/cli"
import { SecureRandom } from "effect/crypto"
import { FetchHttpClient, HttpClientResponse } from "effect/http"

// a tool of several accounts would take a name from its arguments
const account = "default"

const login = Effect.gen(function*() {
  const login = yield* Login.Login
  const browser = yield* OpenBrowser.OpenBrowser
  const { callback, redirectUri } = yield* LoopbackLogin.listen({ title: "The example" })
  const { state, url } = yield* login.begin({ account, redirectUri, scopes: ["openid", "profile", "offline_access"] })
  yield* Console.error(`Log in at ${url}`)
  yield* browser.open(url)
  yield* login.complete(yield* callback(state))
  yield* Console.log("You are logged in.")
}).pipe(Effect.scoped)

const whoAmI = Effect.gen(function*() {
  const { userinfoEndpoint = "" } = yield* AuthorizationServer.AuthorizationServer
  const grants = yield* TokenService.TokenService
  const client = yield* AuthorizedHttpClient.make(grants.key(account))
  const response = yield* client.get(userinfoEndpoint)
  const { name } = yield* HttpClientResponse.schemaBodyJson(Schema.Struct({ name: Schema.String }))(response)
  yield* Console.log(`You are ${name}.`)
}).pipe(
  Effect.catchReason("OAuthError", "ReauthorizationRequired", () => Console.log("You are not logged in."))
)

const logout = Effect.gen(function*() {
  const grants = yield* TokenService.TokenService
  yield* grants.revoke(grants.key(account))
  yield* Console.log("You are logged out.")
})

const tool = Command.make("tool").pipe(Command.withSubcommands([
  Command.make("login", {}, () => login),
  Command.make("whoami", {}, () => whoAmI),
  Command.make("logout", {}, () => logout)
]))

const Live = Layer.unwrap(Effect.gen(function*() {
  const issuer = yield* Config.String("ISSUER")
  const clientId = yield* Config.String("CLIENT_ID")
  const directory = yield* Config.String("STORE")
  return OAuthClient.layer().pipe(
    // a server that is not on this machine takes `layerDiscovery`
    Layer.provideMerge(
      GenericRfc6749.layerDiscoveryLoopback({ issuer, clientId, apiOrigins: [new URL(issuer).origin] })
    ),
    Layer.provide([FileTokenStore.layer({ directory }), FilePendingAuthorizations.layer({ directory })]),
    // a process that ends does not leave a renewal to the background
    Layer.provide(RefreshPolicy.layer({ background: "inline" }))
  )
})).pipe(
  Layer.provide([OAuthHttpClient.layerFetch, SecureRandom.layerWebCrypto]),
  Layer.merge(OpenBrowser.layer),
  Layer.merge(FetchHttpClient.layer)
)

Command.run(tool, { version: "0.0.0" }).pipe(
  Effect.provide(Layer.merge(Live, NodeServices.layer)),
  NodeRuntime.runMain
)
