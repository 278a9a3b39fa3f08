/**
 * The operators' hands on the store of the settings, with the clients of the
 * settings and of every profile that keeps its grants there.
 */
import * as GrantAdministration from "@effect-oauth/core/GrantAdministration"
import * as OAuthClient from "@effect-oauth/core/OAuthClient"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import type { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import * as RefreshPolicy from "@effect-oauth/core/RefreshPolicy"
import { TokenService } from "@effect-oauth/core/TokenService"
import type { TokenStore } from "@effect-oauth/core/TokenStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import type * as Stdio from "effect/Stdio"
import * as CommandPolicy from "./CommandPolicy.ts"
import * as Configuration from "./Configuration.ts"
import * as ConfigurationFile from "./ConfigurationFile.ts"
import type { Failure } from "./Failure.ts"
import type { Output } from "./Output.ts"
import * as Profile from "./Profile.ts"
import * as Server from "./Server.ts"
import * as Store from "./Store.ts"

/** For looking only: it has no client. */
export const layerLooking = (
  config: Configuration.Configuration
): Layer.Layer<GrantAdministration.GrantAdministration, OAuthError> =>
  Layer.provide(GrantAdministration.layer({ services: [] }), Store.layer(config))

/** For all that operators do. */
export const layer = (
  flags: Configuration.Flags,
  config: Configuration.Configuration
): Layer.Layer<
  GrantAdministration.GrantAdministration,
  Failure | OAuthError | PlatformError,
  FileSystem.FileSystem | Output | Stdio.Stdio
> =>
  Layer.effect(
    GrantAdministration.GrantAdministration,
    Effect.gen(function*() {
      const configs = [config, ...yield* others(flags, config)].filter(({ profile }) =>
        Server.providerOf(profile) !== undefined && Profile.get(profile, "clientId") !== undefined
      )
      const services = yield* Effect.forEach(configs, service)
      return yield* GrantAdministration.make({ services })
    })
  ).pipe(Layer.provide([Store.layer(config), OAuthHttpClient.layerFetch]))

const service = Effect.fnUntraced(function*(config: Configuration.Configuration) {
  const server = yield* Server.choose(config)
  const shared = yield* Effect.context<
    OAuthHttpClient.OAuthHttpClient | PendingAuthorizations | Store.Escrow | TokenStore
  >()
  const layer = OAuthClient.layerWith().pipe(
    Layer.provide(server.layer),
    Layer.provide(Layer.succeedContext(shared)),
    Layer.provide(RefreshPolicy.layer(CommandPolicy.options))
  )
  // the layers of each client are its own: none is to be had from another's
  const context = yield* Layer.buildWithMemoMap(layer, yield* Layer.makeMemoMap, yield* Effect.scope)
  return Context.get(context, TokenService)
})

// Profiles that keep their grants in the same place. One that is not complete has no grants.
const others = Effect.fnUntraced(function*(flags: Configuration.Flags, config: Configuration.Configuration) {
  const file = yield* ConfigurationFile.read(config.file)
  const names = [...file?.profiles.keys() ?? []].filter((name) => name !== config.name)
  const loaded = yield* Effect.forEach(
    names,
    (name) => Configuration.load({ ...flags, profile: Option.some(name), clientSecretStdin: false })
  )
  return loaded.filter(({ store }) => store === config.store)
})
