/**
 * The server's word that somebody signed out, told from server to server
 * (OpenID Connect Back-Channel Logout, sections 2.4 to 2.6).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import { isObject, member } from "../internal/json.ts"
import type * as OAuthError from "../OAuthError.ts"
import type * as IdToken from "./IdToken.ts"
import * as Claims from "./internal/claims.ts"
import * as Jws from "./internal/jws.ts"
import * as Verifier from "./internal/verifier.ts"
import type { Jwks } from "./Jwks.ts"

/**
 * Who signed out: a person, one session of theirs, or both.
 *
 * @category models
 * @since 0.1.0
 */
export interface SignedOut {
  readonly issuer: string
  readonly subject?: string | undefined
  /** The `sid` that ID tokens of the session carry. */
  readonly sessionId?: string | undefined
}

/**
 * Verifies logout tokens, each of which counts once.
 *
 * **When to use**
 *
 * Use it where the server posts its `logout_token`: end the application's
 * sessions of that person, and where the grant should end with them, call
 * `TokenService.ended` for it. Answer 200 when that is done, 400 where the token
 * is refused, and with `Cache-Control: no-store`.
 *
 * @category services
 * @since 0.1.0
 */
export class LogoutToken extends Context.Service<LogoutToken, {
  /**
   * Who signed out. A token that came before is refused by the rule `jti`, in
   * this process and as long as it counts.
   */
  readonly verify: (token: Redacted.Redacted) => Effect.Effect<SignedOut, OAuthError.OAuthError>
}>()("@effect-oauth/core/jose/LogoutToken") {}

/**
 * Makes a verifier of logout tokens for the server and the client in context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options?: IdToken.Options
) => Effect.Effect<
  LogoutToken["Service"],
  OAuthError.OAuthError,
  AuthorizationServer | ClientAuthentication | Jwks
> = Effect.fnUntraced(function*(options = {}) {
  const verifier = yield* Verifier.make("LogoutToken", options)
  const seen = new Map<string, number>()

  const isNew = (jti: string, now: number, until: number): boolean => {
    for (const [name, end] of seen) if (end <= now || seen.size >= capacity) seen.delete(name)
    if (seen.has(jti)) return false
    seen.set(jti, until)
    return true
  }

  const verify = Effect.fnUntraced(function*(
    token: Redacted.Redacted
  ): Effect.fn.Return<SignedOut, OAuthError.JwtInvalid | OAuthError.OAuthError> {
    const form: Jws.Form = { jwt: "logout-token", types: ["logout+jwt", "jwt"] }
    const { claims } = yield* verifier.verify(token, form, verifier.algorithms)
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.mapError(
      Effect.fromResult(judge(claims, now, verifier, isNew)),
      (rule) => Jws.broken("logout-token", rule)
    )
  })

  return LogoutToken.of({
    verify: (token) => Effect.mapError(verify(token), Verifier.wrapped("LogoutToken", "verify"))
  })
})

/**
 * The verifier of logout tokens.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: IdToken.Options
): Layer.Layer<LogoutToken, OAuthError.OAuthError, AuthorizationServer | ClientAuthentication | Jwks> =>
  Layer.effect(LogoutToken, Effect.suspend(() => make(options)))

const capacity = 10_000

const event = "http://schemas.openid.net/event/backchannel-logout"

const judge = (
  claims: JsonObject,
  now: number,
  { clientId, issuer, limits, trusted }: Verifier.Verifier,
  isNew: (jti: string, now: number, until: number) => boolean
): Claims.Checked<SignedOut> =>
  Result.gen(function*() {
    const iss = yield* Claims.issuer(claims, issuer)
    yield* Claims.audience(claims, clientId, trusted)
    const exp = yield* Claims.lifetime(claims, now, limits)
    yield* Claims.issuedAt(claims, now, limits)
    // what an ID token has, so that neither is taken for the other
    if (Object.hasOwn(claims, "nonce")) return yield* Result.fail("nonce" as const)
    const events = member(claims, "events")
    const told = isObject(events) ? member(events, event) : undefined
    if (!isObject(told)) return yield* Result.fail("events" as const)
    const sessionId = yield* Claims.optionalText(claims, "sid")
    const subject = member(claims, "sub") === undefined && sessionId !== undefined
      ? undefined
      : yield* Claims.subject(claims)
    const jti = yield* Claims.text(claims, "jti")
    if (!isNew(jti, now, exp * 1000 + limits.skew)) return yield* Result.fail("jti" as const)
    return {
      issuer: iss,
      ...(subject === undefined ? {} : { subject }),
      ...(sessionId === undefined ? {} : { sessionId })
    }
  })
