/**
 * An `HttpClient` whose requests carry a token, to the origins that may have it
 * and to no others (RFC 6750).
 *
 * It is long because what may carry a token, and where to, is checked in one
 * place.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Url from "effect/http/Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as Challenge from "./Challenge.ts"
import type { GrantKey } from "./GrantKey.ts"
import * as Attaching from "./internal/attaching.ts"
import { without } from "./internal/quotation.ts"
import { isPrivate } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import { type Status, TokenService } from "./TokenService.ts"
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
 * Where a token may go.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Origins, `https://api.example.com`. */
  readonly origins: ReadonlyArray<string>
  /** Further ones that are known of the grant only; asked for when a request goes elsewhere. */
  readonly ofGrant?: Effect.Effect<ReadonlyArray<string>, OAuthError.OAuthError> | undefined
}

/**
 * The client in context, with the tokens of a grant, for the origins that the
 * provider names, by themselves or as members of its answers
 * (`dialect.response.apiOrigins`).
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
    const service = yield* TokenService
    const source = yield* TokenSource.fromGrant(key)
    const names = server.dialect.response.apiOrigins
    return withTokenSource(client, source, {
      origins: server.apiOrigins,
      ofGrant: names.length === 0
        ? undefined
        : Effect.map(
          service.status(key),
          (status) => Option.match(status, { onNone: () => [], onSome: ({ kept }) => originsOf(names, kept) })
        )
    })
  })

/**
 * Lets the requests of a client carry the tokens of a source.
 *
 * **Details**
 *
 * A request to an origin that is not named fails with `RequestNotAllowed` before
 * anything is sent, as does one with a user name in its address, or with an
 * `Authorization` or `Host` header or an `access_token` parameter of its own: a request
 * carries one token, in its header (RFC 6750, section 2). Plain http is sent a
 * token only on this machine, where such an origin is named.
 *
 * When the API answers 401, the source is asked for another token and the
 * request is sent once more, provided that its body can be sent twice. A second
 * 401 is the API's answer, with its body, as is the first where no other token
 * is to be had. An API that asks for a DPoP nonce gets another proof of the same
 * token, once. One that wants more than the token gives (RFC 6750, section 3.1;
 * RFC 9470) is the failure `AccessInsufficient`, since no renewal changes it.
 *
 * Redirects are not followed: what answers with one names another address, and
 * following it is a new request. What else a `FetchHttpClient.RequestInit` in the
 * context of whoever sends says is kept; one that was given to the client's layer
 * is replaced.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withTokenSource: {
  (
    source: TokenSource.TokenSource,
    options: Options
  ): <E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | OAuthError.OAuthError, R>
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    source: TokenSource.TokenSource,
    options: Options
  ): HttpClient.HttpClient.With<E | OAuthError.OAuthError, R>
} = dual(3, <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  source: TokenSource.TokenSource,
  options: Options
): HttpClient.HttpClient.With<E | OAuthError.OAuthError, R> => {
  type Answer = Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R>
  let allowed = allow(options.origins)
  const steps = Attaching.steps.get(source.authorize)
  const attach = Attaching.make()

  const attempt = (request: HttpClientRequest, tried: Tried): Answer =>
    steps === undefined
      ? sendAuthorized(request, tried, Effect.suspend(() => source.authorize(request)))
      : Effect.flatMap(steps.token, (token) =>
        token.type === "DPoP"
          ? sendAuthorized(request, tried, steps.prove(request, token))
          : send(request, tried, attach(request, token), token))

  const sendAuthorized = (
    request: HttpClientRequest,
    tried: Tried,
    authorized: Effect.Effect<TokenSource.Authorized, OAuthError.OAuthError>
  ): Answer =>
    Effect.flatMap(
      authorized,
      ({ answered, request: authorized, token }) => send(request, tried, authorized, token, answered)
    )

  const send = (
    request: HttpClientRequest,
    tried: Tried,
    authorized: HttpClientRequest,
    token: AccessToken,
    answered?: TokenSource.Authorized["answered"]
  ): Answer =>
    Effect.flatMap(Effect.updateContext(client.postprocess(Effect.succeed(authorized)), quiet), (response) => {
      const { url } = response
      // nearly every answer came from where the request went
      const elsewhere = url === request.url ? undefined : landedElsewhere(url, allowed)
      if (elsewhere !== undefined) return elsewhere
      // and challenges nobody
      return answered === undefined && response.status < 400
        ? Effect.succeed(response)
        : judge(request, tried, response, token, answered)
    })

  const judge = (
    request: HttpClientRequest,
    tried: Tried,
    response: HttpClientResponse,
    token: AccessToken,
    answered: TokenSource.Authorized["answered"]
  ): Answer => {
    const meaning = Challenge.meaning(quotingNothing(response, token))
    const error = meaning._tag === "prove" ? meaning.error : undefined
    const mayProve = answered !== undefined && answered({ headers: response.headers, error })
    if (meaning._tag === "insufficient") return insufficient(meaning, response, request)
    if (tried.has(meaning._tag) || !isReplayable(request)) return Effect.succeed(response)
    const again = Effect.suspend(() => attempt(request, new Set([...tried, meaning._tag])))
    switch (meaning._tag) {
      case "answer":
        return Effect.succeed(response)
      case "prove":
        return mayProve ? again : Effect.succeed(response)
      case "renew":
        return renewed(source, token, response, again)
    }
  }

  const checked = (request: HttpClientRequest): Answer => {
    const problem = check(request, allowed)
    if (problem === undefined) return attempt(request, untried)
    if (problem.problem !== "origin" || options.ofGrant === undefined) return fail(problem)
    return Effect.flatMap(options.ofGrant, (others) => {
      allowed = allow([...options.origins, ...others])
      const still = check(request, allowed)
      return still === undefined ? attempt(request, untried) : fail(still)
    })
  }

  // What is plain is so for good, and needs no step of its own; all else is looked at when it is sent.
  const begin = (request: HttpClientRequest): Answer =>
    isPlain(request, allowed) ? attempt(request, untried) : Effect.suspend(() => checked(request))

  return HttpClient.makeWith<E, R, E | OAuthError.OAuthError, R>(
    (effect) => Effect.flatMapEager(effect, begin),
    client.preprocess
  )
})

const originsOf = (names: ReadonlyArray<string>, kept: Status["kept"]): ReadonlyArray<string> =>
  names.flatMap((name) => {
    const address = kept[name]
    const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : undefined
    return url?.protocol === "https:" ? [url.origin] : []
  })

// One renewal and one replay. Where no other token is to be had the API's answer stands.
const renewed = <E, R>(
  source: TokenSource.TokenSource,
  refused: AccessToken,
  response: HttpClientResponse,
  again: Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R>
): Effect.Effect<HttpClientResponse, E | OAuthError.OAuthError, R> =>
  Effect.matchEffect(source.refused(refused), {
    onFailure: (error) =>
      error.reason._tag === "ReauthorizationRequired" ? Effect.fail(error) : Effect.succeed(response),
    onSuccess: (token) =>
      Redacted.value(token.value) === Redacted.value(refused.value) ? Effect.succeed(response) : again
  })

// an API that quotes the token must not bring it into an error
const quotingNothing = ({ headers, status }: HttpClientResponse, { value }: AccessToken) => {
  const challenge = headers["www-authenticate"]
  return challenge === undefined
    ? { status, headers }
    : { status, headers: { "www-authenticate": without(challenge, Redacted.value(value)) } }
}

const insufficient = (
  { error, said }: Extract<Challenge.Meaning, { readonly _tag: "insufficient" }>,
  { status }: HttpClientResponse,
  request: HttpClientRequest
): Effect.Effect<never, OAuthError.OAuthError> =>
  fail(
    new OAuthError.AccessInsufficient({
      error,
      status,
      origin: new URL(request.url).origin,
      description: said.description,
      scopes: said.scopes,
      acrValues: said.acrValues,
      maxAge: said.maxAge
    })
  )

/** What was answered with another attempt already. */
type Tried = ReadonlySet<Challenge.Meaning["_tag"]>

const untried: Tried = new Set()

/** Where a token may go. */
interface Allowed {
  readonly origins: ReadonlySet<string>
  /**
   * How addresses of these origins begin, their slash included. Whatever follows it, a parser finds this origin and no
   * user name.
   */
  readonly places: ReadonlyArray<string>
}

const allow = (origins: ReadonlyArray<string>): Allowed => ({
  origins: new Set(origins),
  places: origins.flatMap((origin) => {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    return url !== undefined && isPrivate(url) && url.origin === origin ? [`${origin}/`] : []
  })
})

// Whether a request is plainly one that `check` allows: nearly every one is, and need not be parsed for that.
const isPlain = ({ body, headers, url, urlParams }: HttpClientRequest, { places }: Allowed): boolean =>
  isAt(places, url) && headers["authorization"] === undefined && headers["host"] === undefined &&
  !(url.includes("?") && needsParser.test(url)) &&
  body._tag !== "FormData" &&
  (body._tag !== "Uint8Array" || !mayBeForm.test(headers["content-type"] ?? body.contentType)) &&
  (urlParams.params.length === 0 || !urlParams.params.some(([name]) => name === "access_token"))

const isAt = (places: ReadonlyArray<string>, url: string): boolean => {
  for (const place of places) if (url.startsWith(place)) return true
  return false
}

// what may be the parameter of a query, as written or when what is escaped is read and what parsers pass over is gone
const needsParser = /access_token|[%\t\n\r]/

const check = (request: HttpClientRequest, { origins }: Allowed): OAuthError.RequestNotAllowed | undefined => {
  const url = Result.getOrUndefined(Url.make(request.url, request.urlParams, Option.getOrUndefined(request.hash)))
  const refuse = (problem: OAuthError.RequestNotAllowed["problem"]) =>
    new OAuthError.RequestNotAllowed({ problem, origin: url?.origin ?? "an address that cannot be read" })
  if (url === undefined) return refuse("invalid-url")
  if (url.username !== "" || url.password !== "") return refuse("userinfo")
  if (!isPrivate(url)) return refuse("insecure-url")
  if (!origins.has(url.origin)) return refuse("origin")
  if (request.headers["authorization"] !== undefined) return refuse("authorization-header")
  if (request.headers["host"] !== undefined) return refuse("host-header")
  return carriesToken(url, request) ? refuse("token-parameter") : undefined
}

// A request that brings a token of its own would carry two (RFC 6750, section 2).
const carriesToken = (url: URL, { body, headers }: HttpClientRequest): boolean =>
  (url.search !== "" && url.searchParams.has("access_token")) ||
  (body._tag === "FormData" && body.formData.has("access_token")) ||
  (body._tag === "Uint8Array" && mayBeForm.test(headers["content-type"] ?? body.contentType) &&
    new URLSearchParams(new TextDecoder().decode(body.body)).has("access_token"))

const mayBeForm = /x-www-form-urlencoded/i

// A client that follows redirects by itself may have taken the token along: that is never quiet.
const landedElsewhere = (
  url: string,
  { origins, places }: Allowed
): Effect.Effect<never, OAuthError.OAuthError> | undefined => {
  if (isAt(places, url)) return undefined
  if (url === "" || !URL.canParse(url)) return undefined
  const { origin } = new URL(url)
  return origins.has(origin) ? undefined : fail(new OAuthError.RedirectRefused({ origin, followed: true }))
}

const isReplayable = (request: HttpClientRequest): boolean =>
  request.body._tag === "Empty" || request.body._tag === "Uint8Array" || request.body._tag === "FormData" ||
  (request.body._tag === "Raw" && typeof request.body.body === "string")

const withProof = (names: ReadonlyArray<string | RegExp>): ReadonlyArray<string | RegExp> =>
  names.includes("dpop") ? names : [...names, "dpop"]

// Requests of one fiber mostly come with the same context, which is then changed once. A context is not looked up by what
// is in it, and is forgotten with whoever holds it.
const quieted = new WeakMap<object, object>()

const quiet = <R>(context: Context.Context<R>): Context.Context<R> => {
  const known = quieted.get(context)
  if (known !== undefined) return known as Context.Context<R>
  const names = Context.get(context, Headers.CurrentRedactedNames)
  const quiet = context.pipe(
    Context.add(FetchHttpClient.RequestInit, {
      ...Context.getOrUndefined(context, FetchHttpClient.RequestInit),
      redirect: "manual"
    }),
    Context.add(Headers.CurrentRedactedNames, withProof(names))
  )
  quieted.set(context, quiet)
  return quiet
}

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("AuthorizedHttpClient", "execute", reason))
