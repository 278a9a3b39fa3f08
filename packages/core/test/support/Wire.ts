/** A provider's client over a server that answers as it is told, and every request that was sent, whole. */
import {
  Login,
  type OAuthClient,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { Effect, Layer } from "effect"

export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Wire {
  /** What was sent, in order: random values written as `~`, and without the length of the body. */
  readonly sent: Array<Sent>
  /** The client of a provider that talks over this wire, and an `HttpClient` for the API. */
  readonly layer: <R>(provider: OAuthClient.Provider<R>) => ReturnType<typeof layer<R>>
  /** The two `HttpClient`s alone. */
  readonly http: ReturnType<typeof TestHttp.layer>
}

/** Makes a wire to a server. */
export const make = (respond: (request: TestHttp.Request) => TestHttp.Answer): Wire => {
  const sent: Array<Sent> = []
  const http = TestHttp.layer((request) =>
    Effect.sync(() => {
      const { "content-length": _, ...headers } = request.headers
      sent.push({ method: request.method, url: request.url, headers, body: mask(request.body) })
      return respond(request)
    })
  )
  return { sent, http, layer: (provider) => layer(provider, http) }
}

/** Writes what is random in an address or a form as `~`; each is 32 bytes. */
export const mask = (text: string): string =>
  text.replaceAll(/\b(state|nonce|code_challenge|code_verifier)=[\w-]{43}\b/g, "$1=~")

/** The head of a form that carries these headers besides. */
export const form = (headers: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  ...headers,
  accept: "application/json",
  "content-type": "application/x-www-form-urlencoded"
})

const layer = <R>(provider: OAuthClient.Provider<R>, http: ReturnType<typeof TestHttp.layer>) =>
  Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      TokenStore.layerMemory,
      PendingAuthorizations.layerMemory(),
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Revocation.layer
    )),
    Layer.provideMerge(provider),
    Layer.provideMerge(Layer.merge(TestCrypto.layer(), http))
  )
