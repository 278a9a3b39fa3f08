/**
 * Asking an API who the token stands for.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as Configuration from "@effect-oauth/core/Configuration"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"

/** Asks, and decodes what comes back. Nothing of an answer that does not fit is quoted. */
export const get = Effect.fnUntraced(function*<A, I, E, R>(
  module: string,
  client: HttpClient.With<E, R>,
  path: string,
  schema: Schema.Codec<A, I>
): Effect.fn.Return<A, E | HttpClientError | OAuthError.OAuthError, R | AuthorizationServer> {
  const { apiOrigins: [origin = ""] } = yield* AuthorizationServer
  const response = yield* Effect.flatMap(client.get(origin + path), HttpClientResponse.filterStatusOk)
  const json = yield* response.json
  return yield* Effect.mapError(Schema.decodeUnknownEffect(schema)(json), ({ issue }) => {
    const { field } = Configuration.fromIssue(issue, "body")
    const reason = new OAuthError.ResponseInvalid({ problem: "wrong-type", field, status: response.status })
    return OAuthError.make(module, "me", reason)
  })
})
