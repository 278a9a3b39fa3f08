/**
 * Where the server tells that somebody signed out (OpenID Connect Back-Channel
 * Logout, sections 2.5 to 2.8). It loads `jose`.
 *
 * @since 0.1.0
 */
import * as Identity from "@effect-oauth/core/Identity"
import { LogoutToken, type SignedOut } from "@effect-oauth/core/jose/LogoutToken"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { BrowserSessions } from "./BrowserSessions.ts"
import * as Page from "./internal/page.ts"
import * as Requests from "./internal/request.ts"
import * as Routes from "./internal/routes.ts"

/**
 * Where the server tells it, and what else ends.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The origin under which the server knows this application, `https://app.example`. */
  readonly origin: string
  /** What the path of the route begins with, `/oauth`. */
  readonly path: `/${string}`
  /** What else ends with the sessions: `TokenService.ended` for grants, for example. */
  readonly signedOut?: ((told: SignedOut) => Effect.Effect<void, OAuthError.OAuthError>) | undefined
}

/**
 * The route `POST …/logout/back`.
 *
 * **Details**
 *
 * A logout token that holds ends the sessions that it names: of the session at
 * the server (`sid`) where it names one, else all of the person. The answer is
 * 200; 400 where the token breaks a rule or the sessions could not be ended. It
 * has no cookies and needs none: the token is its own proof.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<never, OAuthError.OAuthError, BrowserSessions | HttpRouter.HttpRouter | LogoutToken> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    yield* Effect.mapError(Routes.check(options), invalid)
    const tokens = yield* LogoutToken
    const sessions = yield* BrowserSessions

    const take = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const sent = new URLSearchParams((yield* Requests.formOf(request)) ?? "").getAll("logout_token")
      const [token = ""] = sent
      if (sent.length !== 1 || token === "") return refused("logout_token is missing, or there several times")
      const outcome = yield* Effect.result(Effect.gen(function*() {
        const told = yield* tokens.verify(Redacted.make(token))
        const { issuer, sessionId, subject } = told
        if (sessionId !== undefined) yield* sessions.endAll({ issuer, sessionId })
        else if (subject !== undefined) yield* sessions.endAll({ subject: Identity.id({ issuer, subject }) })
        if (options.signedOut !== undefined) yield* options.signedOut(told)
      }))
      if (outcome._tag === "Success") return HttpServerResponse.empty({ status: 200, headers: Page.quiet })
      yield* Effect.logWarning("A logout token was not followed", outcome.failure.message)
      return refused("the logout token is not believed, or could not be followed")
    })

    yield* Effect.mapError(Routes.add(router, options.path, [["POST", "/logout/back", take]]), invalid)
  }))

const refused = (description: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    { error: "invalid_request", error_description: description },
    { status: 400, headers: Page.quiet }
  )

const invalid = (problem: Routes.Invalid): OAuthError.OAuthError => Routes.invalid("BackChannelLogout", problem)
