/**
 * What the scenes are played with: the sandbox, a folder for the grants, and
 * clients whose durations are short enough to be watched.
 */
import { AuthorizationServer, OAuthClient, RefreshPolicy, RotationPolicy } from "@effect-oauth/core"
import { FrameIo, FrameIoLegacy } from "@effect-oauth/frameio"
import { FilePendingAuthorizations, FileTokenStore } from "@effect-oauth/node"
import { SecureRandom } from "effect/crypto"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** The lease of a claim here; 30 seconds otherwise. */
export const lease = Duration.millis(1500)

/** The settle time here; 10 seconds otherwise. */
export const settle = Duration.millis(750)

/** The patience with a server without replay window here; 5 minutes otherwise. */
export const patience = Duration.seconds(1)

/** A client of the sandbox, as another process is told about it. */
export const Client = Schema.Struct({
  provider: Schema.Literals(["v4", "legacy-confidential", "legacy-public"]),
  origin: Schema.String,
  clientId: Schema.String,
  clientSecret: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)),
  /** Where grants are kept. */
  directory: Schema.String,
  /** For how long the server answers a spent token again, where it does. */
  replayWindow: Schema.optionalKey(Schema.DurationFromMillis)
})

/** A client of the sandbox. */
export type Client = typeof Client.Type

/** The client's services: those of a real login, at the sandbox. */
export const layer = (client: Client) =>
  OAuthClient.layer().pipe(
    Layer.provideMerge(declared(client)),
    Layer.provideMerge(Layer.mergeAll(FileTokenStore.layer(client), FilePendingAuthorizations.layer(client))),
    Layer.provideMerge(FetchHttpClient.layer),
    Layer.provide(SecureRandom.layerWebCrypto),
    Layer.provide(RefreshPolicy.layer({
      lease,
      settle,
      background: "inline",
      backOff: () => Duration.millis(250),
      indeterminate: () => Duration.zero,
      sendReserve: "500 millis",
      shutdownGrace: "2 seconds"
    }))
  )

/** What the client's services are. */
export type Services = Layer.Success<ReturnType<typeof layer>>

// what the server does with spent tokens is the sandbox's setting, so it is declared with it
const declared = (client: Client) =>
  Layer.effect(
    AuthorizationServer.AuthorizationServer,
    Effect.map(AuthorizationServer.AuthorizationServer, (server) => ({
      ...server,
      rotation: RotationPolicy.rotating({
        patience,
        ...(client.replayWindow === undefined
          ? {}
          : { window: { duration: client.replayWindow, idempotent: true } })
      })
    }))
  ).pipe(Layer.provideMerge(provider(client)))

const provider = ({ clientId, clientSecret, origin, provider }: Client) => {
  const secret = clientSecret ?? Redacted.make("")
  switch (provider) {
    case "v4":
      return FrameIo.layerLoopback({ client: "webApp", clientId, clientSecret: secret, origin })
    case "legacy-confidential":
      return FrameIoLegacy.layerLoopback({ client: "confidential", clientId, clientSecret: secret, origin })
    case "legacy-public":
      return FrameIoLegacy.layerLoopback({ client: "public", clientId, origin })
  }
}
