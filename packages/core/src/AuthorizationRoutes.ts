/**
 * Logins of a web application, as routes: where the browser begins, and where
 * its answer arrives (RFC 6749, sections 3.1.2 and 10.12; RFC 9700, sections
 * 2.1, 4.2, 4.7 and 4.12).
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { isPrivate } from "./internal/url.ts"
import { type Completed, Login } from "./Login.ts"
import * as OAuthError from "./OAuthError.ts"
import type { Scopes } from "./Scopes.ts"

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
   */
  readonly account: (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse.HttpServerResponse>
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Where a login leads that did not say, `/`. */
  readonly home?: `/${string}` | undefined
  /** Where a login leads that failed; `home`, with the reason as `login_error`. */
  readonly failed?: ((error: OAuthError.OAuthError) => `/${string}`) | undefined
  /** Run when a login is complete, before the browser is sent on. */
  readonly completed?: ((completed: Completed) => Effect.Effect<void>) | undefined
  /** How long the answer is waited for; 10 minutes. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * The routes of one authorization server.
 *
 * **Details**
 *
 * - `GET …/login?return_to=/albums` sends the browser to the authorization
 *   server. `return_to` is a path of this application; any other address is
 *   answered 400. What another site began is answered 403, where the browser
 *   tells.
 * - `GET …/callback` judges the answer, exchanges the code, keeps the grant, and
 *   sends the browser on. It answers nothing but redirects to paths of this
 *   application, by 303, so that code and state leave the address bar and no
 *   request is repeated elsewhere.
 * - A login belongs to the browser that began it, by a `__Host-` cookie of its
 *   own that no script reads and no other site sends along. An answer that
 *   another browser brings is refused before anything is sent; so is a second
 *   one.
 * - No token is in any cookie, header or body that the browser gets.
 *
 * **Gotchas**
 *
 * The cookie is `SameSite=Lax`: it has to come along when the authorization
 * server sends the browser back. A `form_post` answer would come without it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<never, OAuthError.OAuthError, HttpRouter.HttpRouter | Login> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const problem = problemOf(options)
    if (problem !== undefined) return yield* Effect.fail(invalid(problem))
    const login = yield* Login
    const { completed, home = "/", origin, path } = options
    const redirectUri = `${origin}${path}/callback`
    const timeToLive = Duration.fromInputUnsafe(options.timeToLive ?? "10 minutes")
    const failed = options.failed ??
      ((error: OAuthError.OAuthError) => `${home}${home.includes("?") ? "&" : "?"}login_error=${error.reason._tag}`)

    const local = (text: string) => origin + (localPath(text, origin) ?? home)
    const sendOn = (to: string) => HttpServerResponse.redirect(to, { status: 303, headers })
    const failure = (error: OAuthError.OAuthError) =>
      Effect.as(Effect.logWarning("A login failed", error.message), sendOn(local(failed(error))))

    const begin = Effect.fnUntraced(function*(request: HttpServerRequest) {
      if (request.headers["sec-fetch-site"] === "cross-site") return refused(403, "Begin from this application.")
      const wanted = new URLSearchParams(queryOf(request)).getAll("return_to")
      const returnTo = localPath(wanted[0] ?? home, origin)
      if (wanted.length > 1 || returnTo === undefined) return refused(400, "return_to must be a path.")

      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure
      const begun = yield* Effect.result(login.begin({
        account: account.success,
        redirectUri,
        scopes: options.scopes,
        parameters: options.parameters,
        context: { returnTo },
        timeToLive
      }))
      if (begun._tag === "Failure") return yield* failure(begun.failure)
      const state = Redacted.value(begun.success.state)
      return HttpServerResponse.setCookieUnsafe(sendOn(begun.success.url), cookieOf(state), state, {
        ...cookie,
        maxAge: timeToLive
      })
    })

    const complete = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const query = queryOf(request)
      const state = new URLSearchParams(query).get("state") ?? ""
      const name = cookieOf(state)
      if (state === "" || request.cookies[name] !== state) return yield* failure(notThisBrowser)

      const outcome = yield* Effect.result(Effect.tap(
        login.complete(`${redirectUri}?${query}`),
        (result) => completed === undefined ? Effect.void : completed(result)
      ))
      const response = outcome._tag === "Failure"
        ? yield* failure(outcome.failure)
        : sendOn(local(returnToOf(outcome.success)))
      return HttpServerResponse.expireCookieUnsafe(response, name, cookie)
    })

    // one redirect URI for two servers would let the one answer for the other
    yield* Effect.suspend(() => router.add("GET", `${path}/login`, begin)).pipe(
      Effect.andThen(Effect.suspend(() => router.add("GET", `${path}/callback`, complete))),
      Effect.catchDefect(() =>
        Effect.fail(invalid({ field: "path", problem: "is taken; give each authorization server one of its own" }))
      )
    )
  }))

// `__Host-` keeps other hosts of the domain from setting it; each login has its own, for several may run at once
const cookieOf = (state: string): string => `__Host-login-${state.slice(0, 12).replaceAll(/[^\w-]/g, "")}`

const cookie = { httpOnly: true, secure: true, sameSite: "lax", path: "/" } as const

const headers = { "cache-control": "no-store", "referrer-policy": "no-referrer" }

const refused = (status: number, text: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(text, { status, headers: { ...headers, "x-content-type-options": "nosniff" } })

// as it arrived: the router's own reading of it may differ
const queryOf = ({ originalUrl }: HttpServerRequest): string => {
  const mark = originalUrl.indexOf("?")
  return mark === -1 ? "" : originalUrl.slice(mark + 1)
}

/** A path of this application, as a browser would read it; nothing where it leads elsewhere. */
const localPath = (text: string, origin: string): string | undefined => {
  // browsers take a backslash for a slash, drop line breaks and tabs, and read // as a host
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\") || !URL.canParse(text, origin)) return undefined
  const url = new URL(text, origin)
  return url.origin === origin && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : undefined
}

const returnToOf = ({ context }: Completed): string => {
  const value = Option.getOrUndefined(context)
  return typeof value === "object" && value !== null && "returnTo" in value && typeof value.returnTo === "string"
    ? value.returnTo
    : ""
}

const problemOf = (
  { home = "/", origin, path }: Options
): { readonly field: string; readonly problem: string } | undefined => {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.origin !== origin) {
    return { field: "origin", problem: "must be an origin, like https://app.example" }
  }
  if (!isPrivate(url)) return { field: "origin", problem: "must begin with https://" }
  if (localPath(path, origin) !== path || /[?#:*]|\/$/.test(path)) {
    return { field: "path", problem: "must be a plain path, like /oauth" }
  }
  return localPath(home, origin) === undefined
    ? { field: "home", problem: "must be a path of this application" }
    : undefined
}

const invalid = (problem: { readonly field: string; readonly problem: string }): OAuthError.OAuthError =>
  OAuthError.make("AuthorizationRoutes", "layer", new OAuthError.ConfigurationInvalid(problem))

const notThisBrowser = OAuthError.make(
  "AuthorizationRoutes",
  "callback",
  new OAuthError.CallbackRejected({ problem: "no-pending-authorization" })
)
