/**
 * A backend for a frontend: passes requests of the application's own pages on to
 * an API, with the token of whoever is signed in, so that no token ever reaches
 * the browser (RFC 10017, section 6.1).
 *
 * @since 0.1.0
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import { ClientAuthentication } from "@effect-oauth/core/ClientAuthentication"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import { TokenService } from "@effect-oauth/core/TokenService"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as CsrfDefence from "./CsrfDefence.ts"
import * as Proxied from "./internal/proxied.ts"
import * as Requests from "./internal/request.ts"
import * as Routes from "./internal/routes.ts"
import * as Problem from "./Problem.ts"

/**
 * What may be asked of the API.
 *
 * @category options
 * @since 0.1.0
 */
export interface Target {
  readonly methods: ReadonlyArray<"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE">
  /**
   * The API's path. `:name` stands for one segment, `*` at the end for all that
   * follow, one at least: `/v4/accounts/:id/projects`, `/v4/files/*`.
   */
  readonly path: `/${string}`
  /** The API's origin; the first that the provider names. */
  readonly origin?: string | undefined
}

/**
 * Whose requests are passed on, and which.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The origin under which browsers know this application, `https://app.example`. */
  readonly origin: string
  /** What the paths begin with, `/api`: `/api/v4/me` is passed on as `/v4/me`. */
  readonly path: `/${string}`
  /**
   * Whose token goes along: the application's own name for the account, by the
   * session. Where there is none, the answer to give instead.
   */
  readonly account: (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse.HttpServerResponse>
  /** What may be asked for. The first that fits counts; what none allows is answered 404. */
  readonly allow: ReadonlyArray<Target>
  /** The header by which a request shows that a script of this application sent it, `x-csrf`. */
  readonly header?: string | undefined
  /** Headers to pass on besides the usual ones. Never passed on: cookies, credentials, and what names a hop. */
  readonly requestHeaders?: ReadonlyArray<string> | undefined
  /** Headers of the API's answers to give back besides the usual ones. Never given back: `Set-Cookie`. */
  readonly responseHeaders?: ReadonlyArray<string> | undefined
}

/**
 * The proxy.
 *
 * **Details**
 *
 * A request passes these, in this order: the header of `CsrfDefence`, asked for
 * with every method, `GET` too; the path, the method and the origin, which have to
 * be allowed; the session. Then it is sent with the account's token, by
 * `AuthorizedHttpClient`, so that a token that the API refuses is renewed and the
 * request repeated, once, where its body is at most 64 KiB or absent.
 *
 * - A path is read segment by segment, as it arrived. One that holds a slash, a
 *   backslash, a control character, dots alone, or a percent sign that is left
 *   after decoding, is answered 400 and nothing is sent: it could mean another path
 *   to whoever reads it next.
 * - Passed on: the query, the body as it streams, and `Accept`,
 *   `Accept-Language`, `Content-Type`, `Range` and the conditions. Not passed on:
 *   everything else, cookies and `Authorization` first.
 * - Given back: the status, the body as it streams, and the headers that describe
 *   it. `Set-Cookie` is not, nor what a hop says to the next. Answers are
 *   `private`, run nothing when they are opened as a page, and are for this origin.
 * - Redirects are not followed. They are given back where `location` is among
 *   `responseHeaders`, and are a problem otherwise.
 * - Failures are problem details: 401 `signed-out`, 403 `reconnect` where the
 *   grant has ended, 503 with `Retry-After`. A 401 of the API is given back as the
 *   API's.
 *
 * WebSockets are not passed on: `Upgrade` is answered 501.
 *
 * **Gotchas**
 *
 * The client must be confidential (RFC 10017, section 6.1.3.1): one without
 * credentials is refused when the layer is built.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  never,
  OAuthError.OAuthError,
  AuthorizationServer | ClientAuthentication | HttpClient.HttpClient | HttpRouter.HttpRouter | TokenService
> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    yield* Effect.mapError(Routes.check(options), invalid)
    const server = yield* AuthorizationServer
    const authentication = yield* ClientAuthentication
    const context = yield* Effect.context<AuthorizationServer | HttpClient.HttpClient | TokenService>()
    const service = yield* TokenService
    const { method } = yield* authentication.credentials("token")
    if (method === "none") return yield* Effect.fail(publicClient)
    const targets = yield* Effect.mapError(
      Effect.forEach(options.allow, (target) => Proxied.target(target, server.apiOrigins)),
      invalid
    )
    const passOn = Proxied.requestHeaders(options.requestHeaders ?? [])
    const giveBack = Proxied.responseHeaders(options.responseHeaders ?? [])
    const tell = (request: HttpServerRequest, problem: Problem.Problem) => Problem.respond(problem, request)

    const pass = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const forged = CsrfDefence.script(request, options)
      if (forged !== undefined) return tell(request, forged)
      if (request.headers["upgrade"] !== undefined) return tell(request, upgrades)
      const whole = Requests.pathOf(request)
      const below = whole.startsWith(`${options.path}/`) ? whole.slice(options.path.length) : ""
      const path = Proxied.segments(below)
      if (path === undefined) return tell(request, ambiguous)
      const fitting = targets.filter((target) => target.fits(path))
      if (fitting.length === 0) return tell(request, Problem.make("not-offered"))
      const [found] = fitting.flatMap(({ methods, origin }) => {
        const method = methods.find((method) => method === request.method)
        return method === undefined ? [] : [{ method, origin }]
      })
      if (found === undefined) {
        return HttpServerResponse.setHeader(
          tell(request, Problem.make("method")),
          "allow",
          [...new Set(fitting.flatMap(({ methods }) => methods))].join(", ")
        )
      }
      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure

      const query = Requests.queryOf(request)
      const url = `${found.origin}${below}${query === "" ? "" : `?${query}`}`
      const client = yield* Effect.provideContext(AuthorizedHttpClient.make(service.key(account.success)), context)
      const body = yield* Effect.result(Proxied.body(request))
      // fetch sends no body with these, and what others do with it is not agreed (RFC 9110, section 9.3.1)
      if (body._tag === "Failure" || (body.success !== undefined && /^(GET|HEAD)$/.test(found.method))) {
        return tell(request, unreadable)
      }
      const outgoing = HttpClientRequest.make(found.method)(url, {
        headers: passOn(request.headers),
        ...(body.success === undefined ? {} : { body: body.success })
      })
      const answered = yield* Effect.result(client.execute(outgoing))
      if (answered._tag === "Success") return answer(request, answered.success)
      const error = answered.failure
      if (!OAuthError.isOAuthError(error)) {
        yield* Effect.logWarning("The API could not be reached", error.reason._tag)
        return tell(request, Problem.make("unavailable"))
      }
      yield* Effect.logWarning("A request was not passed on", error.message)
      return tell(request, Problem.fromError(error))
    })

    const answer = (
      request: HttpServerRequest,
      response: HttpClientResponse
    ): HttpServerResponse.HttpServerResponse => {
      const headers = giveBack(response.headers)
      if (headers === undefined) return tell(request, Problem.make("unusable"))
      if (
        response.status >= 300 && response.status < 400 && response.status !== 304 && headers["location"] === undefined
      ) {
        return tell(request, Problem.make("unusable"))
      }
      return Proxied.isWithoutBody(request.method, response.status)
        ? HttpServerResponse.empty({ status: response.status, headers })
        : HttpServerResponse.stream(response.stream, {
          status: response.status,
          headers,
          contentType: headers["content-type"] ?? "application/octet-stream"
        })
    }

    yield* Effect.mapError(Routes.add(router, options.path, [["*", "/*", pass]]), invalid)
  }))

const invalid = (problem: Routes.Invalid): OAuthError.OAuthError => Routes.invalid("ApiProxy", problem)

const publicClient = invalid({
  field: "ClientAuthentication",
  problem:
    "has no credentials; a backend for a frontend is a confidential client, so register one with a secret or a key"
})

const ambiguous: Problem.Problem = {
  kind: "not-offered",
  status: 400,
  title: "That path can be read in several ways",
  detail: "Nothing was sent. Write the path plainly, without dots, slashes or backslashes in its segments."
}

const unreadable: Problem.Problem = {
  kind: "not-offered",
  status: 400,
  title: "The body cannot be passed on",
  detail: "It did not arrive whole, or came with a method that has none. Nothing was sent."
}

const upgrades: Problem.Problem = {
  kind: "not-offered",
  status: 501,
  title: "No WebSockets",
  detail: "This application passes requests on, and no WebSockets."
}
