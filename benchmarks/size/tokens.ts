// Client credentials and refresh, by subpath: what an application of ours loads.
import * as ClientCredentials from "@effect-oauth/core/ClientCredentials"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import * as TokenEndpoint from "@effect-oauth/core/TokenEndpoint"
import * as TokenService from "@effect-oauth/core/TokenService"
import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Everything but the provider and revocation. */
export const layer = TokenService.layer().pipe(
  Layer.provideMerge(TokenEndpoint.layer),
  Layer.provide(TokenStore.layerMemory),
  Layer.provide(OAuthHttpClient.layerFetch)
)

/** A source of the client's own tokens, and one of an account's. */
export const sources = (account: string) =>
  Effect.all([
    ClientCredentials.source(),
    Effect.flatMap(TokenService.TokenService, (service) => TokenSource.fromGrant(service.key(account)))
  ])
