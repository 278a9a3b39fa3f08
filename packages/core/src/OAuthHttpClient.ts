/**
 * The HTTP client for exchanges with authorization servers. It is not the
 * application's own: nothing retries here, nothing follows a redirect, and no
 * trace headers go to third parties (RFC 6749, sections 5.1 and 10.8; RFC 9700,
 * section 4.12).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"

/**
 * The HTTP client for exchanges with authorization servers.
 *
 * **Gotchas**
 *
 * A client given here must neither retry nor follow redirects: both present
 * single-use tokens again.
 *
 * @category services
 * @since 0.1.0
 */
export class OAuthHttpClient extends Context.Service<OAuthHttpClient, HttpClient.HttpClient>()(
  "@effect-oauth/core/OAuthHttpClient"
) {}

/**
 * Makes it of a client that neither retries nor follows redirects.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.transform(client, Effect.provideService(HttpClient.TracerPropagationEnabled, false))

/**
 * Takes the `HttpClient` in context, `NodeHttpClient.layerUndici` for example.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<OAuthHttpClient, never, HttpClient.HttpClient> = Layer.effect(
  OAuthHttpClient,
  Effect.map(HttpClient.HttpClient, make)
)

/**
 * Uses `fetch`, with redirects left alone and the HTTP cache passed by.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFetch: Layer.Layer<OAuthHttpClient> = Layer.effect(
  OAuthHttpClient,
  Effect.map(HttpClient.HttpClient, (client) =>
    // provided closest to the request: a layer is built once, and an application may have built this one for itself
    make(HttpClient.transform(client, Effect.provideService(FetchHttpClient.RequestInit, untouched))))
).pipe(Layer.provide(FetchHttpClient.layer))

const untouched: RequestInit = { redirect: "manual", cache: "no-store" }
