/**
 * Logins that sign a browser in: what `AuthorizationRoutes` and
 * `BrowserSessions` need of each other (RFC 10017, section 6.1.3.2).
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type { Json } from "effect/Schema"
import type * as AuthorizationRoutes from "./AuthorizationRoutes.ts"
import { BrowserSessions, type Session } from "./BrowserSessions.ts"
import * as Problem from "./Problem.ts"

/**
 * Who somebody is that has no session.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The account of a browser without a session; a new one with a random name.
   * Where the login has to tell who it is, `link` of the routes puts another in
   * its place.
   */
  readonly newcomer?: ((request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse>) | undefined
}

/**
 * The options of `AuthorizationRoutes` that tie it to sessions: a login is for
 * the account of the session, or for a newcomer; and when it is complete, the
 * browser gets a session under a new name, and the one with which it began has
 * ended.
 *
 * **Example** (Signing in)
 *
 * ```ts
 * import { AuthorizationRoutes, SessionLogin } from "@effect-oauth/web"
 * import { Effect, Layer } from "effect"
 *
 * const routes = Layer.unwrap(Effect.map(SessionLogin.make(), (session) =>
 *   AuthorizationRoutes.layer({ ...session, origin: "https://app.example", path: "/oauth", scopes: ["read"] })))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: Options) => Effect.Effect<
  Required<Pick<AuthorizationRoutes.Options, "account" | "context" | "completed" | "landing">>,
  never,
  BrowserSessions
> = Effect.fnUntraced(function*(options: Options = {}) {
  const sessions = yield* BrowserSessions
  const random = Effect.provide(
    Effect.flatMap(SecureRandom.SecureRandom, (random) => random.randomBytes(16)),
    SecureRandom.layerWebCrypto
  )
  const newcomer = options.newcomer ?? (() => Effect.map(random, (bytes) => `guest-${Base64Url.encode(bytes)}`))
  return {
    landing: "page" as const,
    account: (request: HttpServerRequest) =>
      Effect.matchEffect(sessions.read(request), {
        onFailure: (error) => Effect.fail(Problem.respond(Problem.fromError(error), request)),
        onSuccess: Option.match({
          onNone: () => newcomer(request),
          onSome: ({ account }) => Effect.succeed(account)
        })
      }),
    // when the answer arrives the browser keeps its strict cookie back, so the name is kept with the login
    context: (request: HttpServerRequest): Effect.Effect<Json> =>
      Effect.map(
        Effect.orElseSucceed(sessions.read(request), () => Option.none<Session>()),
        Option.match({ onNone: () => null, onSome: ({ name }) => ({ session: name }) })
      ),
    completed: (completed, response) =>
      sessions.start(response, {
        account: completed.key.account,
        identity: Option.getOrUndefined(completed.identity),
        idToken: Option.getOrUndefined(completed.idToken),
        replaces: sessionOf(completed.context)
      })
  } satisfies Partial<AuthorizationRoutes.Options>
})

/**
 * The account of the session with which a request comes; the answer that tells
 * that there is none, for every route that asks for an account.
 *
 * @category constructors
 * @since 0.1.0
 */
export const account: Effect.Effect<
  (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse>,
  never,
  BrowserSessions
> = Effect.map(BrowserSessions, (sessions) => (request) =>
  Effect.matchEffect(sessions.read(request), {
    onFailure: (error) => Effect.fail(Problem.respond(Problem.fromError(error), request)),
    onSuccess: Option.match({
      onNone: () => Effect.fail(Problem.respond(Problem.make("signed-out"), request)),
      onSome: ({ account }) => Effect.succeed(account)
    })
  }))

const sessionOf = (context: Option.Option<Json>): string | undefined => {
  const value = Option.getOrUndefined(context)
  return typeof value === "object" && value !== null && "session" in value && typeof value.session === "string"
    ? value.session
    : undefined
}
