/**
 * A login that leaves the page and comes back to the origin (RFC 6749, section
 * 4.1; RFC 10017, section 6.3).
 *
 * @since 0.1.0
 */
import * as Login from "@effect-oauth/core/Login"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * Begins a login, and sends this tab to the server. It does not return: the page
 * is left.
 *
 * @category constructors
 * @since 0.1.0
 */
export const begin = Effect.fn("RedirectLogin.begin")(function*(
  options: Login.Options
): Effect.fn.Return<never, OAuthError.OAuthError, Login.Login> {
  const login = yield* Login.Login
  const { url } = yield* login.begin(options)
  location.assign(url)
  return yield* Effect.never
})

/**
 * Completes the login whose answer the page's address carries; none where it
 * carries none. To be run once when the page at the redirect URI is loaded,
 * before anything of others is.
 *
 * **Details**
 *
 * The answer is taken out of the address, and out of the tab's history, before
 * it is used: what is loaded later sees no code in its referrer, and going back
 * does not bring it again.
 *
 * @category constructors
 * @since 0.1.0
 */
export const complete: Effect.Effect<Option.Option<Login.Completed>, OAuthError.OAuthError, Login.Login> = Effect
  .gen(function*() {
    const login = yield* Login.Login
    const url = new URL(location.href)
    if (!isAnswer(url.searchParams)) return Option.none()
    history.replaceState(history.state, "", url.pathname)
    return Option.some(yield* login.complete(url.href))
  }).pipe(Effect.withSpan("RedirectLogin.complete"))

// RFC 6749, sections 4.1.2 and 4.1.2.1; JARM, section 2.3.1
const isAnswer = (parameters: URLSearchParams): boolean =>
  parameters.has("response") || (parameters.has("state") && (parameters.has("code") || parameters.has("error")))
