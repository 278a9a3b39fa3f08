/**
 * An `HttpClient` whose requests carry a token, to the origins that may have it
 * and to no others (RFC 6750).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Url from "effect/http/Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import type { GrantKey } from "./GrantKey.ts"
import * as OAuthError from "./OAuthError.ts"
import type { TokenService } from "./TokenService.ts"
import type { AccessToken } from "./TokenSet.ts"
import * as TokenSource from "./TokenSource.ts"

/**
 * An `HttpClient` whose requests carry a token.
 *
 * @category models
 * @since 0.1.0
 */
export type AuthorizedHttpClient = HttpClient.HttpClient.With<HttpClientError | OAuthError.OAuthError>

/**
 * Lets the requests of a client carry the tokens of a source.
 *
 * **Details**
 *
 * A request to an origin that is not named fails with `RequestNotAllowed` before
 * anything is sent, as does one with a user name in its address or with an
 * `Authorization` header of its own. Plain http is sent a token only where such
 * an origin is named, for trials on this machine.
 *
 * When the API answers 401, the source is asked for another token and the
 * request is sent once more, provided that its body can be sent twice. A second
 * 401 is the API's answer, with its body, as is the first where no other token
 * is to be had.
 *
 * Redirects are not followed: what answers with one names another address, and
 * following it is a new request.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withTokenSource: {
  (
    source: TokenSource.TokenSource,
    options: { readonly origins: ReadonlyArray<string> }
  ): <E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | OAuthError.OAuthError, R>
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    source: TokenSource.TokenSource,
    options: { readonly origins: ReadonlyArray<string> }
  ): HttpClient.HttpClient.With<E | OAuthError.OAuthError, R>
} = dual(3, <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  source: TokenSource.TokenSource,
  options: { readonly origins: ReadonlyArray<string> }
): HttpClient.HttpClient.With<E | OAuthError.OAuthError, R> => {
  const origins = new Set(options.origins)
  const send = (request: HttpClientRequest): Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R> =>
    Effect.flatMap(
      Effect.provideService(client.postprocess(Effect.succeed(request)), FetchHttpClient.RequestInit, noRedirects),
      (response) => landedElsewhere(response, origins) ?? Effect.succeed(response)
    )

  return HttpClient.makeWith<E, R, E | OAuthError.OAuthError, R>(
    (effect) =>
      Effect.flatMap(effect, (request) => {
        const problem = check(request, origins)
        if (problem !== undefined) return fail(problem)
        return Effect.flatMap(source.authorize(request), (first) =>
          Effect.flatMap(send(first.request), (response) =>
            response.status === 401 && isReplayable(request)
              ? again(source, request, first.token, response, send)
              : Effect.succeed(response)))
      }),
    client.preprocess
  )
})

/**
 * The client in context, with the tokens of a grant, for the origins that the
 * provider names.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  key: GrantKey
) => Effect.Effect<AuthorizedHttpClient, never, AuthorizationServer | HttpClient.HttpClient | TokenService> = Effect
  .fnUntraced(function*(key) {
    const client = yield* HttpClient.HttpClient
    const server = yield* AuthorizationServer
    const source = yield* TokenSource.fromGrant(key)
    return withTokenSource(client, source, { origins: server.apiOrigins })
  })

// One renewal and one replay. Where no other token is to be had the API's answer stands.
const again = <E, R>(
  source: TokenSource.TokenSource,
  request: HttpClientRequest,
  refused: AccessToken,
  response: HttpClientResponse,
  send: (request: HttpClientRequest) => Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R>
): Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R> =>
  Effect.matchEffect(source.refused(refused), {
    onFailure: (error) =>
      error.reason._tag === "ReauthorizationRequired" ? Effect.fail(error) : Effect.succeed(response),
    onSuccess: (token) =>
      Redacted.value(token.value) === Redacted.value(refused.value)
        ? Effect.succeed(response)
        : Effect.flatMap(source.authorize(request), (second) => send(second.request))
  })

const check = (request: HttpClientRequest, origins: ReadonlySet<string>): OAuthError.RequestNotAllowed | undefined => {
  const url = Result.getOrUndefined(Url.make(request.url, request.urlParams, Option.getOrUndefined(request.hash)))
  const refuse = (problem: OAuthError.RequestNotAllowed["problem"]) =>
    new OAuthError.RequestNotAllowed({ problem, origin: url?.origin ?? "an address that cannot be read" })
  if (url === undefined) return refuse("invalid-url")
  if (url.username !== "" || url.password !== "") return refuse("userinfo")
  if (!origins.has(url.origin)) return refuse(url.protocol === "http:" ? "insecure-url" : "origin")
  return request.headers["authorization"] === undefined ? undefined : refuse("authorization-header")
}

// A client that follows redirects by itself may have taken the token along: that is never quiet.
const landedElsewhere = (
  response: HttpClientResponse,
  origins: ReadonlySet<string>
): Effect.Effect<never, OAuthError.OAuthError> | undefined => {
  if (response.url === "" || !URL.canParse(response.url)) return undefined
  const { origin } = new URL(response.url)
  return origins.has(origin) ? undefined : fail(new OAuthError.RedirectRefused({ origin, followed: true }))
}

const isReplayable = (request: HttpClientRequest): boolean =>
  request.body._tag === "Empty" || request.body._tag === "Uint8Array" || request.body._tag === "FormData" ||
  (request.body._tag === "Raw" && typeof request.body.body === "string")

const noRedirects: RequestInit = { redirect: "manual" }

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("AuthorizedHttpClient", "execute", reason))
