/**
 * Who a token stands for, in a few words.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import * as Session from "./Session.ts"

/** Asks the provider. Not to know is no failure: the login is done. */
export const ask: Effect.Effect<
  string | undefined,
  never,
  AuthorizationServer | HttpClient.HttpClient | Session.Session
> = Effect.gen(function*() {
  const { server } = yield* Session.Session
  if (server.flow !== "login") return undefined
  if (server.who !== undefined) return yield* server.who(yield* Session.authorized)
  return yield* userinfo
}).pipe(
  Effect.timeout("10 seconds"),
  Effect.orElseSucceed(() => undefined)
)

// The userinfo endpoint is one that the provider named for this token (OpenID Connect Core, section 5.3).
const userinfo = Effect.gen(function*() {
  const client = yield* HttpClient.HttpClient
  const { userinfoEndpoint } = yield* AuthorizationServer
  const { source } = yield* Session.Session
  if (userinfoEndpoint === undefined) return undefined
  const { origin } = new URL(userinfoEndpoint)
  const response = yield* AuthorizedHttpClient.withTokenSource(client, source, { origins: [origin] })
    .get(userinfoEndpoint)
  const user = yield* Effect.flatMap(
    HttpClientResponse.filterStatusOk(response),
    HttpClientResponse.schemaBodyJson(User)
  )
  const name = user.name ?? user.preferred_username
  if (name === undefined) return user.email ?? user.sub
  return user.email === undefined ? name : `${name} <${user.email}>`
})

const User = Schema.Struct({
  sub: Schema.optional(Schema.String),
  name: Schema.optional(Schema.String),
  preferred_username: Schema.optional(Schema.String),
  email: Schema.optional(Schema.String)
})
