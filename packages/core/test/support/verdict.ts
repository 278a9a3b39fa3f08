import {
  AuthorizationServer,
  ClientAuthentication,
  OAuthHttpClient,
  TokenEndpoint,
  TokenRequest,
  type TokenResponse
} from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { type Duration, Effect, Layer, Redacted } from "effect"

/** The HTTP clients that applications on Node have. */
export const clients: Readonly<Record<string, Layer.Layer<OAuthHttpClient.OAuthHttpClient>>> = {
  fetch: OAuthHttpClient.layerFetch,
  undici: OAuthHttpClient.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))
}

/** How a refresh at a token endpoint on loopback is judged, in a word or two. */
export const verdict = (
  client: Layer.Layer<OAuthHttpClient.OAuthHttpClient>,
  tokenEndpoint: string,
  timeLimit?: Duration.Duration
) => {
  const server = Effect.fromResult(AuthorizationServer.makeLoopback({ provider: "acme", tokenEndpoint }))
  const layer = TokenEndpoint.layer.pipe(
    Layer.provide([
      client,
      ClientAuthentication.layerNone({ clientId: "app" }),
      Layer.effect(AuthorizationServer.AuthorizationServer, server)
    ])
  )
  const request = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })
  return TokenEndpoint.TokenEndpoint.use((endpoint) => endpoint.exchange(request, { timeLimit })).pipe(
    Effect.provide(layer),
    Effect.map(words)
  )
}

const words = (judgement: TokenResponse.Judgement): string =>
  judgement._tag === "Granted"
    ? judgement._tag
    : `${judgement._tag} ${"problem" in judgement.reason ? judgement.reason.problem : judgement.reason._tag}`
