/** An HTTP client that records whole requests and answers as it is told. */
import { OAuthHttpClient } from "@effect-oauth/core"
import { Effect, Layer } from "effect"
import { Headers, HttpClient, HttpClientError, HttpClientResponse } from "effect/http"

export interface Recorded {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a server does with a request: a failure is the cause of a transport error. */
export type Handler = (request: Recorded, count: number) => Effect.Effect<Response, unknown>

export const recording = (
  handler: Handler,
  decorate: (client: HttpClient.HttpClient) => HttpClient.HttpClient = (client) => client
) => {
  const requests: Array<Recorded> = []
  const client = HttpClient.make((request, url) => {
    const recorded = {
      method: request.method,
      url: url.href,
      // how long the body is depends on the client, not on the request
      headers: { ...Headers.remove(request.headers, "content-length") },
      body: request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : request.body._tag
    }
    requests.push(recorded)
    return handler(recorded, requests.length).pipe(
      Effect.mapBoth({
        onSuccess: (response) => HttpClientResponse.fromWeb(request, response),
        onFailure: (cause) =>
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.TransportError({ request, cause, description: String(cause) })
          })
      })
    )
  })
  return {
    requests,
    client: Layer.succeed(HttpClient.HttpClient, client),
    layer: OAuthHttpClient.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, decorate(client))))
  }
}

export const json = (body: unknown, init?: ResponseInit): Response =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init })

/** A response that claims to have come from somewhere. */
export const from = (url: string, response: Response): Response =>
  Object.defineProperty(response, "url", { value: url })
