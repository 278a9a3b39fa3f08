/**
 * Signing out of a web application: here, everywhere, and at the server (OpenID
 * Connect RP-Initiated Logout; OpenID Connect Front-Channel Logout).
 *
 * Signing out ends sessions. A grant lives on, unless `grant: "revoke"` says
 * otherwise: what the application does while nobody looks goes on.
 *
 * @since 0.1.0
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import { ClientAuthentication } from "@effect-oauth/core/ClientAuthentication"
import * as EndSession from "@effect-oauth/core/EndSession"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import { TokenService } from "@effect-oauth/core/TokenService"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { BrowserSessions, type Session } from "./BrowserSessions.ts"
import * as CsrfDefence from "./CsrfDefence.ts"
import * as Cookie from "./internal/cookie.ts"
import * as Page from "./internal/page.ts"
import * as Requests from "./internal/request.ts"
import * as Routes from "./internal/routes.ts"
import * as Problem from "./Problem.ts"
import * as ReturnAddress from "./ReturnAddress.ts"

/**
 * How somebody signs out.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The origin under which browsers know this application, `https://app.example`. */
  readonly origin: string
  /** What the paths of the routes begin with, `/oauth`. */
  readonly path: `/${string}`
  /** Where a browser is led that signed out and did not say where to go, `/`. */
  readonly home?: `/${string}` | undefined
  /** The application's name, for its pages. */
  readonly application?: string | undefined
  /**
   * Whether the person's session at the server ends too: `"end"` sends the
   * browser there (register `https://app.example/oauth/logout/done` as a post
   * logout redirect URI); `"keep"`, the default, does not.
   */
  readonly server?: "end" | "keep" | undefined
  /** What becomes of the grant: `"keep"`, the default, or `"revoke"`. */
  readonly grant?: "keep" | "revoke" | undefined
}

/**
 * The routes.
 *
 * **Details**
 *
 * - `POST …/logout` ends the browser's session, and with the field `everywhere`
 *   all sessions of the account, on every node, and logins under way. It leads on
 *   to the field `return_to`. What other sites send is refused.
 * - `GET …/logout` shows a page with the button: a link that signs out could be
 *   followed by anybody's page.
 * - `GET …/logout/done` is where the server sends the browser back. An answer that
 *   this browser did not wait for is told as a problem; nothing depends on it.
 * - `GET …/logout/front?iss=…&sid=…` is for the server to show in a frame. It
 *   comes without cookies, so it ends what `iss` and `sid` name, and does nothing
 *   without them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  never,
  OAuthError.OAuthError,
  | AuthorizationServer
  | BrowserSessions
  | ClientAuthentication
  | HttpRouter.HttpRouter
  | PendingAuthorizations
  | TokenService
> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    yield* Effect.mapError(Routes.check(options), invalid)
    const { application = "the application", home = "/", origin, path } = options
    const server = yield* AuthorizationServer
    const { clientId } = yield* ClientAuthentication
    const sessions = yield* BrowserSessions
    const service = yield* TokenService
    const pendings = yield* PendingAuthorizations
    if (options.server === "end" && server.endSessionEndpoint === undefined) {
      return yield* Effect.fail(
        invalid({ field: "server", problem: "is end, but the server names no endSessionEndpoint" })
      )
    }
    const tell = (request: HttpServerRequest, problem: Problem.Problem) =>
      Problem.respond(problem, request, { application, home })
    const sendOn = (to: string) => HttpServerResponse.redirect(to, { status: 303, headers: Page.quiet })

    const leaveServer = (session: Session, returnTo: string) =>
      EndSession.make({
        endpoint: server.endSessionEndpoint,
        clientId,
        idTokenHint: session.idToken,
        postLogoutRedirectUri: `${origin}${path}/logout/done`
      }).pipe(
        Effect.provide(SecureRandom.layerWebCrypto),
        Effect.map(({ state, url }) =>
          state === undefined ? sendOn(url) : HttpServerResponse.setCookieUnsafe(
            sendOn(url),
            leaving,
            `${Redacted.value(state)}.${encodeURIComponent(returnTo)}`,
            { ...lax, maxAge: Duration.minutes(10) }
          )
        )
      )

    const logout = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const forged = CsrfDefence.form(request, { origin })
      if (forged !== undefined) return tell(request, forged)
      const form = new URLSearchParams((yield* Requests.formOf(request)) ?? "")
      const wanted = form.getAll("return_to")
      const returnTo = ReturnAddress.parse(wanted[0] ?? home, origin)
      if (wanted.length > 1 || returnTo === undefined) return tell(request, Problem.make("address"))

      const ended = yield* Effect.result(Effect.gen(function*() {
        const session = Option.getOrUndefined(yield* sessions.read(request))
        if (session === undefined) return yield* sessions.end(request, sendOn(origin + returnTo))
        if (form.has("everywhere")) {
          yield* pendings.forget(session.account)
          yield* sessions.endAll({ account: session.account })
        }
        if (options.grant === "revoke") yield* Effect.ignore(service.revoke(service.key(session.account)))
        const next = options.server === "end" ? yield* leaveServer(session, returnTo) : sendOn(origin + returnTo)
        return yield* sessions.end(request, next)
      }))
      if (ended._tag === "Success") return ended.success
      yield* Effect.logWarning("Somebody could not be signed out", ended.failure.message)
      return tell(request, Problem.fromError(ended.failure))
    })

    const ask = () =>
      Effect.succeed(Page.respond({
        status: 200,
        title: "Sign out?",
        hasForm: true,
        formLeadsTo: options.server === "end" ? originOf(server.endSessionEndpoint) : undefined,
        body: `<p>You will be signed out of ${Page.escape(application)}.</p>
<form method="post" action="${Page.escape(path)}/logout">
<p><button type="submit">Sign out</button> <button type="submit" name="everywhere" value="yes">Sign out everywhere</button></p>
</form>
<p><a href="${Page.escape(home)}">Stay signed in</a></p>`
      }))

    const done = (request: HttpServerRequest) => {
      // the state counts once, and a HEAD is not when
      if (request.method !== "GET") return Effect.succeed(tell(request, Problem.make("method")))
      const kept = request.cookies[leaving] ?? ""
      const dot = kept.indexOf(".")
      const state = kept.slice(0, Math.max(dot, 0))
      const returnTo = kept.slice(dot + 1)
      const query = Requests.queryOf(request)
      const judged = EndSession.judge(`?${query}`, Redacted.make(state))
      return Effect.succeed(HttpServerResponse.expireCookieUnsafe(
        Result.isFailure(judged)
          ? tell(request, signOutUnknown)
          : sendOn(origin + (ReturnAddress.parse(decode(returnTo), origin) ?? home)),
        leaving,
        lax
      ))
    }

    const front = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const query = new URLSearchParams(Requests.queryOf(request))
      const issuers = query.getAll("iss")
      const sids = query.getAll("sid")
      const [sessionId = ""] = sids
      if (
        server.issuer === undefined || issuers.length !== 1 || issuers[0] !== server.issuer || sids.length !== 1 ||
        sessionId === "" || request.method !== "GET"
      ) {
        return tell(request, Problem.make("stale"))
      }
      const ended = yield* Effect.result(sessions.endAll({ issuer: server.issuer, sessionId }))
      return ended._tag === "Failure"
        ? tell(request, Problem.fromError(ended.failure))
        : Page.respond({
          status: 200,
          title: "Signed out",
          body: "",
          ancestors: originOf(server.issuer)
        })
    })

    yield* Effect.mapError(
      Routes.add(router, path, [
        ["POST", "/logout", logout],
        ["GET", "/logout", ask],
        ["GET", "/logout/done", done],
        ["GET", "/logout/front", front]
      ]),
      invalid
    )
  }))

const originOf = (address: string | undefined): string | undefined =>
  address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined

const leaving = Cookie.name("leaving")

// the server sends the browser back, and the cookie has to come along
const lax = Cookie.attributes("lax")

const signOutUnknown: Problem.Problem = {
  kind: "stale",
  status: 400,
  title: "Nobody waits for this",
  detail: "This browser did not begin to sign out, or it took too long. Here you are signed out if you asked for it."
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}

const invalid = (problem: Routes.Invalid): OAuthError.OAuthError => Routes.invalid("LogoutRoutes", problem)
