/**
 * Logins of a web application, as routes: where the browser begins, and where
 * its answer arrives (RFC 6749, sections 3.1.2 and 10.12; RFC 9700, sections
 * 2.1, 4.2, 4.7 and 4.12; OAuth 2.0 Form Post Response Mode).
 *
 * It is long because every option says what it decides, and because a login that
 * fails has to lead somewhere, each time.
 *
 * @since 0.1.0
 */
import * as AuthorizationResponse from "@effect-oauth/core/AuthorizationResponse"
import { type Arrived, type Completed, Login } from "@effect-oauth/core/Login"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type * as OpenIdRequest from "@effect-oauth/core/OpenIdRequest"
import type { Scopes } from "@effect-oauth/core/Scopes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import * as Cookie from "./internal/cookie.ts"
import * as Page from "./internal/page.ts"
import * as Requests from "./internal/request.ts"
import * as Routes from "./internal/routes.ts"
import * as Problem from "./Problem.ts"
import * as ReturnAddress from "./ReturnAddress.ts"

/**
 * Which logins, and where they lead.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The origin under which browsers know this application,
   * `https://app.example`. What a request says of its host is its sender's word,
   * and not asked.
   */
  readonly origin: string
  /**
   * What the paths of the routes begin with: `/oauth` gives `/oauth/login` and
   * `/oauth/callback`, the redirect URI. Each authorization server has a path of
   * its own, and so a redirect URI of its own (RFC 9700, section 4.4.2.2).
   */
  readonly path: `/${string}`
  readonly scopes: Scopes
  /**
   * For whom the login is: the application's own name for the account, which it
   * knows by its own session. Where there is none, the answer to give instead.
   * One person may have several accounts at one server, each by its own name.
   */
  readonly account: (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse.HttpServerResponse>
  /**
   * Decides, once it is known who logged in, whose grant it becomes; whoever it
   * was begun for. Where another person has that account of the provider, fail
   * with `Problem.make("linked")`: nothing is kept, and the tokens are revoked.
   */
  readonly link?: ((arrived: Arrived) => Effect.Effect<string, OAuthError.OAuthError | Problem.Problem>) | undefined
  /** What to keep with the login and hand to `completed`. It stays on the server. */
  readonly context?: ((request: HttpServerRequest) => Effect.Effect<Json>) | undefined
  /** What OpenID Connect adds; it takes the scope `openid`. */
  readonly openid?: OpenIdRequest.Options | undefined
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Where a login leads that did not say, `/`. */
  readonly home?: `/${string}` | undefined
  /** The application's name, for the pages that tell what failed. */
  readonly application?: string | undefined
  /**
   * Where a login leads that failed: a path of this application. Unless it is
   * given, to `/oauth/failed`, a page that says what happened and what to do.
   */
  readonly failed?: ((problem: Problem.Problem) => `/${string}`) | undefined
  /**
   * Run when a login is complete: gives the answer that the browser gets, which
   * is the one handed to it, with cookies of the application, for example.
   */
  readonly completed?:
    | ((
      completed: Completed,
      response: HttpServerResponse.HttpServerResponse
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, OAuthError.OAuthError>)
    | undefined
  /**
   * How the browser gets on after a login. By `"page"` it goes on from a page of
   * this application, so that cookies with `SameSite=Strict` come along; by
   * `"redirect"`, the default, at once, and they do not.
   */
  readonly landing?: "redirect" | "page" | undefined
  /** How long the answer is waited for; 10 minutes. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * The routes of one authorization server. Several servers are several layers,
 * each with a path and a `Login` of its own.
 *
 * **Details**
 *
 * - `GET …/login?return_to=/albums` sends the browser to the authorization
 *   server. `return_to` is a path of this application (see `ReturnAddress`); any
 *   other address is answered 400. What another site began is answered 403, where
 *   the browser tells, and a prefetch begins nothing.
 * - `GET …/callback` judges the answer, exchanges the code, keeps the grant, and
 *   sends the browser on. A browser is answered by nothing but redirects to paths
 *   of this application, by 303, so that code and state leave the address bar and
 *   no request is repeated elsewhere. A program that asks for JSON gets problem
 *   details.
 * - `POST …/callback` takes a `form_post` answer, which comes without cookies, and
 *   has the browser bring it again by `GET`, once.
 * - `GET …/failed` tells a person what happened; `GET …/landed` is where a login
 *   goes on by `landing: "page"`, and leads home without one.
 * - A login belongs to the browser that began it, by a `__Host-Http-` cookie of
 *   its own that no script reads and no other site sends along. An answer that
 *   another browser brings is refused before anything is sent; so is a second
 *   one. A browser has twelve logins under way at most.
 * - No token is in any cookie, header or body that the browser gets.
 *
 * **Gotchas**
 *
 * The cookie of a login is `SameSite=Lax`: it has to come along when the
 * authorization server sends the browser back.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<never, OAuthError.OAuthError, HttpRouter.HttpRouter | Login> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    yield* Effect.mapError(Routes.check(options), invalid)
    const login = yield* Login
    const { application, completed, home = "/", landing = "redirect", link, origin, path } = options
    const redirectUri = `${origin}${path}/callback`
    const timeToLive = Duration.fromInputUnsafe(options.timeToLive ?? "10 minutes")
    const again = `${path}/login`

    const sendOn = (to: string) => HttpServerResponse.redirect(to, { status: 303, headers: Page.quiet })
    const local = (text: string) => origin + (ReturnAddress.parse(text, origin) ?? home)
    const tell = (request: HttpServerRequest, problem: Problem.Problem) =>
      Problem.respond(problem, request, { application, home, again })
    const failure = (request: HttpServerRequest, problem: Problem.Problem, message: string) =>
      Effect.as(
        Effect.logWarning("A login failed", message),
        options.failed !== undefined
          ? sendOn(local(options.failed(problem)))
          : Requests.wantsPage(request)
          ? sendOn(`${origin}${path}/failed?problem=${problem.kind}`)
          : tell(request, problem)
      )

    const begin = Effect.fnUntraced(function*(request: HttpServerRequest) {
      if (request.headers["sec-fetch-site"] === "cross-site") return tell(request, Problem.make("foreign"))
      if (Requests.isPrefetch(request)) return prefetched
      const wanted = new URLSearchParams(Requests.queryOf(request)).getAll("return_to")
      const returnTo = ReturnAddress.parse(wanted[0] ?? home, origin)
      if (wanted.length > 1 || returnTo === undefined) return tell(request, Problem.make("address"))

      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure
      const begun = yield* Effect.result(login.begin({
        account: account.success,
        redirectUri,
        scopes: options.scopes,
        openid: options.openid,
        parameters: options.parameters,
        context: { returnTo, own: options.context === undefined ? null : yield* options.context(request) },
        timeToLive
      }))
      if (begun._tag === "Failure") {
        yield* Effect.logWarning("A login could not begin", begun.failure.message)
        return tell(request, Problem.fromError(begun.failure))
      }
      const state = Redacted.value(begun.success.state)
      return HttpServerResponse.setCookieUnsafe(makeRoom(request, sendOn(begun.success.url)), cookieOf(state), state, {
        ...cookie,
        maxAge: timeToLive
      })
    })

    const complete = Effect.fnUntraced(function*(request: HttpServerRequest) {
      // a HEAD must not spend the code, and neither must a guess of where the person goes next
      if (request.method !== "GET") {
        return HttpServerResponse.setHeader(tell(request, Problem.make("method")), "allow", "GET, POST")
      }
      if (Requests.isPrefetch(request)) return prefetched
      const query = Requests.queryOf(request)
      const state = stateOf(query)
      const name = cookieOf(state)
      if (state === "" || request.cookies[name] !== state) {
        return yield* failure(request, Problem.make("stale"), "no login of this browser has this state")
      }

      let unlinked: Problem.Problem | undefined
      const linking = link === undefined ?
        undefined :
        (arrived: Arrived) =>
          Effect.mapError(link({ ...arrived, context: ownOf(arrived.context) }), (refusal) => {
            if (OAuthError.isOAuthError(refusal)) return refusal
            unlinked = refusal
            return notLinked
          })
      const outcome = yield* Effect.result(
        Effect.flatMap(login.complete(`${redirectUri}?${query}`, { link: linking }), (arrived) => {
          const to = local(returnToOf(arrived))
          const response = landing === "page"
            ? HttpServerResponse.setCookieUnsafe(
              sendOn(`${origin}${path}/landed?to=${encodeURIComponent(to.slice(origin.length))}`),
              landed,
              "1",
              { ...cookie, maxAge: Duration.minutes(1) }
            )
            : sendOn(to)
          return completed === undefined
            ? Effect.succeed(response)
            : completed({ ...arrived, context: ownOf(arrived.context) }, response)
        })
      )
      const response = outcome._tag === "Success"
        ? outcome.success
        : yield* failure(request, unlinked ?? Problem.fromError(outcome.failure), outcome.failure.message)
      return HttpServerResponse.expireCookieUnsafe(response, name, cookie)
    })

    // the form comes from another site and so without the cookie; a redirect of our own brings it
    const bounce = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const form = yield* Requests.formOf(request)
      if (form === undefined) return yield* failure(request, Problem.make("stale"), "the answer is no form")
      return sendOn(`${redirectUri}?${new URLSearchParams(form).toString()}`)
    })

    const failed = (request: HttpServerRequest) =>
      Effect.succeed(tell(
        request,
        Problem.fromName(new URLSearchParams(Requests.queryOf(request)).get("problem") ?? "") ?? Problem.make("stale")
      ))

    const land = (request: HttpServerRequest) => {
      // whoever leads a browser here after no login shall not have it go on with the strict cookies of this application
      if (request.cookies[landed] === undefined) return Effect.succeed(sendOn(origin + home))
      const to = ReturnAddress.parse(new URLSearchParams(Requests.queryOf(request)).get("to") ?? "", origin) ?? home
      const page = Page.respond({
        status: 200,
        title: "You are connected",
        next: to,
        body: `<p><a href="${Page.escape(to)}">Go on</a></p>`
      })
      return Effect.succeed(HttpServerResponse.expireCookieUnsafe(page, landed, cookie))
    }

    // one redirect URI for two servers would let the one answer for the other
    yield* Effect.mapError(
      Routes.add(router, path, [
        ["GET", "/login", begin],
        ["GET", "/callback", complete],
        ["POST", "/callback", bounce],
        ["GET", "/failed", failed],
        ["GET", "/landed", land]
      ]),
      invalid
    )
  }))

// each login has its own, for several may run at once
const prefix = Cookie.name("login-")

// of a signed answer what it shows: whether that holds is for the login to say
const stateOf = (query: string): string => {
  const state = new URLSearchParams(query).get("state")
  const shown = state === null ? AuthorizationResponse.shownState(query) : undefined
  return shown === undefined ? state ?? "" : Redacted.value(shown)
}

const cookieOf = (state: string): string => prefix + state.slice(0, 12).replaceAll(/[^\w-]/g, "")

const cookie = Cookie.attributes("lax")

// says that a login has just come to its end
const landed = Cookie.name("landed")

const mostLogins = 12

// a header of cookies that grows with every abandoned login would be refused one day
const makeRoom = (request: HttpServerRequest, response: HttpServerResponse.HttpServerResponse) => {
  const names = Object.keys(request.cookies).filter((name) => name.startsWith(prefix))
  return names.length < mostLogins
    ? response
    : names.reduce((response, name) => HttpServerResponse.expireCookieUnsafe(response, name, cookie), response)
}

const prefetched = HttpServerResponse.empty({ status: 503, headers: Page.quiet })

const contextOf = (context: Option.Option<Json>): { readonly [name: string]: Json } => {
  const value = Option.getOrUndefined(context)
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as { readonly [name: string]: Json }
    : {}
}

const returnToOf = ({ context }: Completed): string => {
  const { returnTo } = contextOf(context)
  return typeof returnTo === "string" ? returnTo : ""
}

const ownOf = (context: Option.Option<Json>): Option.Option<Json> => {
  const { own } = contextOf(context)
  return own === undefined || own === null ? Option.none() : Option.some(own)
}

const invalid = (problem: Routes.Invalid): OAuthError.OAuthError => Routes.invalid("AuthorizationRoutes", problem)

const notLinked = OAuthError.make(
  "AuthorizationRoutes",
  "callback",
  new OAuthError.CallbackRejected({ problem: "unsupported-response" })
)
