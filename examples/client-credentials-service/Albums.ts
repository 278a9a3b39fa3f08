/**
 * A client of an API that is called with tokens of the service's own: no person,
 * no login, nothing to keep.
 */
import { AuthorizedHttpClient, ClientCredentials } from "@effect-oauth/core"
import { Context, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

const Album = Schema.Struct({ title: Schema.String })

const make = (origin: string) =>
  Effect.gen(function*() {
    // one token for everybody, asked for again shortly before it ends, or when the API refuses it
    const tokens = yield* ClientCredentials.source({ scopes: ["albums.read"] })
    const client = (yield* HttpClient.HttpClient).pipe(
      AuthorizedHttpClient.withTokenSource(tokens, { origins: [origin] }),
      HttpClient.mapRequest(HttpClientRequest.prependUrl(origin)),
      HttpClient.filterStatusOk
    )
    return {
      list: client.get("/albums").pipe(
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Schema.Array(Album)))
      )
    }
  })

export class Albums extends Context.Service<Albums, Effect.Success<ReturnType<typeof make>>>()("example/Albums") {
  /** `origin` is where the API is, and the only place that gets a token. */
  static readonly layer = (origin: string) => Layer.effect(Albums, make(origin))
}
