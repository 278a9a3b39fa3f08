/**
 * HTTP without sockets: requests recorded as data, answers given as data.
 *
 * Everything is a synchronous effect, so that under `TestClock` nothing happens
 * that the clock does not know of.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as OAuthHttpClient from "../OAuthHttpClient.ts"
import { clientResponse } from "./internal/clientResponse.ts"
import { connectionCause, formParameters } from "./internal/wire.ts"

/**
 * A request as it left the client, in clear.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  /** The address with its query, without fragment. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The parameters of a form body; none where the body is no form. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * An answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** What follows the body: its end (the default), a broken connection, or nothing for ever. */
  readonly ending?: "complete" | "reset" | "silence" | undefined
  /** Where the answer says that it came from: elsewhere when a client has followed a redirect. */
  readonly url?: string | undefined
}

/**
 * The connection broke, or never came to be.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConnectionFailed extends Data.TaggedError("ConnectionFailed")<{
  /** As Node names it: `"ECONNREFUSED"`. */
  readonly code: string
}> {}

/**
 * An answer with a JSON body, marked as not to be cached (RFC 6749, section 5.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const json = (
  body: Schema.Json,
  options?: {
    readonly status?: number | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
): Answer => ({
  status: options?.status ?? 200,
  headers: { "content-type": "application/json", "cache-control": "no-store", ...options?.headers },
  body: JSON.stringify(body)
})

/**
 * An answer with a web page.
 *
 * @category constructors
 * @since 0.1.0
 */
export const html = (body: string, options?: { readonly status?: number | undefined }): Answer => ({
  status: options?.status ?? 200,
  headers: { "content-type": "text/html; charset=utf-8" },
  body
})

/**
 * An answer without a body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty = (
  status: number,
  options?: { readonly headers?: Readonly<Record<string, string>> | undefined }
): Answer => ({ status, headers: options?.headers ?? {}, body: "" })

/**
 * An answer that points elsewhere.
 *
 * @category constructors
 * @since 0.1.0
 */
export const redirect = (location: string, options?: { readonly status?: number | undefined }): Answer =>
  empty(options?.status ?? 302, { headers: { location } })

/**
 * Makes a client whose requests are answered by a function. It follows no
 * redirects and puts no trace headers on anything.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeClient = (
  respond: (request: Request) => Effect.Effect<Answer, ConnectionFailed>
): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.flatMap(record(request, url), (recorded) =>
      Effect.matchEffect(respond(recorded), {
        onFailure: ({ code }) =>
          Effect.fail(
            new HttpClientError.HttpClientError({
              reason: new HttpClientError.TransportError({ request, cause: connectionCause(code) })
            })
          ),
        onSuccess: (answer) => Effect.succeed(clientResponse(request, recorded.url, answer))
      }))
  ).pipe(HttpClient.transform(Effect.provideService(HttpClient.TracerPropagationEnabled, false)))

/**
 * Answers every request by a function, whichever client sends it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  respond: (request: Request) => Effect.Effect<Answer, ConnectionFailed>
): Layer.Layer<OAuthHttpClient.OAuthHttpClient | HttpClient.HttpClient> => layerClient(makeClient(respond))

/**
 * Gives one client to exchanges with authorization servers and to everything else.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (
  client: HttpClient.HttpClient
): Layer.Layer<OAuthHttpClient.OAuthHttpClient | HttpClient.HttpClient> =>
  Layer.merge(
    Layer.succeed(OAuthHttpClient.OAuthHttpClient, client),
    Layer.succeed(HttpClient.HttpClient, client)
  )

const record = (request: HttpClientRequest.HttpClientRequest, url: URL): Effect.Effect<Request> =>
  Effect.map(bodyOf(request.body), (body) => {
    const headers: Readonly<Record<string, string>> = { ...request.headers }
    const form = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true
    const address = new URL(url)
    address.hash = ""
    return {
      method: request.method,
      url: address.href,
      headers,
      body,
      parameters: form ? formParameters(body) ?? {} : {}
    }
  })

const bodyOf = (body: HttpBody.HttpBody): Effect.Effect<string> => {
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Raw":
      return Effect.sync(() => String(body.body))
    case "Uint8Array":
      return Effect.sync(() => new TextDecoder().decode(body.body))
    case "FormData":
      return Effect.die(new Error("TestHttp does not read multipart forms"))
    case "Stream":
      return Effect.map(Effect.orDie(Stream.mkUint8Array(body.stream)), (bytes) => new TextDecoder().decode(bytes))
  }
}
