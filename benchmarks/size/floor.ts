// What a token request costs without us: Effect's fetch client and a schema, by subpath.
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"

const Answer = Schema.Struct({
  access_token: Schema.RedactedFromValue(Schema.String),
  token_type: Schema.String,
  expires_in: Schema.optionalKey(Schema.Finite),
  refresh_token: Schema.optionalKey(Schema.RedactedFromValue(Schema.String))
})

/** Asks a token endpoint with the client in context, and decodes its answer. */
export const exchange = (url: string, parameters: Record<string, string>) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyUrlParams(parameters),
    HttpClient.execute,
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer))
  )

/** The same by `fetch`. */
export const request = (url: string, parameters: Record<string, string>) =>
  Effect.provide(exchange(url, parameters), FetchHttpClient.layer)
