/**
 * The page: a public client whose grant all tabs of the origin share. It is in
 * IndexedDB, sealed with a key that no script can take out.
 */
import { BrowserStorage, RedirectLogin } from "@effect-oauth/browser"
import {
  AuthorizationServer,
  AuthorizedHttpClient,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  TokenService
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { FetchHttpClient, HttpClientResponse } from "effect/http"

const { clientId = "", issuer = "" } = document.body.dataset

const runtime = ManagedRuntime.make(
  OAuthClient.layer().pipe(
    // a server that is not on this machine takes `layerDiscovery`
    Layer.provideMerge(
      GenericRfc6749.layerDiscoveryLoopback({ issuer, clientId, apiOrigins: [new URL(issuer).origin] })
    ),
    Layer.provide([OAuthHttpClient.layerFetch, BrowserStorage.layerShared()]),
    Layer.merge(FetchHttpClient.layer)
  )
)

const logIn = RedirectLogin.begin({
  account: "me",
  redirectUri: `${location.origin}/callback`,
  scopes: ["openid", "profile", "offline_access"]
})

const logOut = Effect.gen(function*() {
  const grants = yield* TokenService.TokenService
  yield* grants.revoke(grants.key("me"))
})

const whoAmI = Effect.gen(function*() {
  const { userinfoEndpoint = "" } = yield* AuthorizationServer.AuthorizationServer
  const grants = yield* TokenService.TokenService
  const client = yield* AuthorizedHttpClient.make(grants.key("me"))
  const response = yield* client.get(userinfoEndpoint)
  const { name } = yield* HttpClientResponse.schemaBodyJson(Schema.Struct({ name: Schema.String }))(response)
  return `You are ${name}.`
}).pipe(
  Effect.catchReason("OAuthError", "ReauthorizationRequired", () => Effect.succeed("You are not logged in."))
)

const show = Effect.flatMap(
  Effect.catch(whoAmI, ({ message }) => Effect.succeed(message)),
  (text) => Effect.sync(() => document.querySelector("output")?.replaceChildren(text))
)

const on = (
  id: string,
  effect: Effect.Effect<void, OAuthError.OAuthError, ManagedRuntime.ManagedRuntime.Services<typeof runtime>>
) => document.getElementById(id)?.addEventListener("click", () => runtime.runFork(Effect.andThen(effect, show)))

on("log-in", logIn)
on("log-out", logOut)
// what happened in another tab
document.addEventListener("visibilitychange", () => runtime.runFork(show))

// first of all: takes the answer to a login, if there is one, out of the address
runtime.runFork(Effect.andThen(Effect.ignore(RedirectLogin.complete), show))
