/**
 * What the sample lists of a Frame.io account: who it is, and the workspaces that
 * it reaches.
 *
 * - [List accounts](https://next.developer.frame.io/platform/api-reference/accounts/index)
 * - [List workspaces](https://next.developer.frame.io/platform/api-reference/workspaces/index)
 */
import { AuthorizationServer, AuthorizedHttpClient, type OAuthError, TokenService } from "@effect-oauth/core"
import { FrameIo } from "@effect-oauth/frameio"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"

/** What is shown. */
export interface Listing {
  readonly person: FrameIo.Profile
  readonly workspaces: ReadonlyArray<{ readonly id: string; readonly name: string; readonly account: string }>
}

const Accounts = Schema.Struct({
  data: Schema.Array(Schema.Struct({ id: Schema.String, display_name: Schema.NullOr(Schema.String) }))
})

const Workspaces = Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String })) })

/** Asks Frame.io, with the token of an account. */
export const get = Effect.fnUntraced(function*(
  account: string
): Effect.fn.Return<
  Listing,
  HttpClientError | OAuthError.OAuthError | Schema.SchemaError,
  AuthorizationServer.AuthorizationServer | HttpClient.HttpClient | TokenService.TokenService
> {
  const service = yield* TokenService.TokenService
  const { apiOrigins } = yield* AuthorizationServer.AuthorizationServer
  const client = yield* AuthorizedHttpClient.make(service.key(account))
  const [api = ""] = apiOrigins
  const person = yield* FrameIo.me(client)
  const accounts = yield* client.get(`${api}/v4/accounts`).pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Accounts))
  )
  const workspaces = yield* Effect.forEach(
    accounts.data,
    ({ display_name, id }) =>
      client.get(`${api}/v4/accounts/${encodeURIComponent(id)}/workspaces`).pipe(
        Effect.flatMap(HttpClientResponse.filterStatusOk),
        Effect.flatMap(HttpClientResponse.schemaBodyJson(Workspaces)),
        Effect.map(({ data }) => data.map((workspace) => ({ ...workspace, account: display_name ?? id })))
      )
  )
  return { person, workspaces: workspaces.flat() }
})
