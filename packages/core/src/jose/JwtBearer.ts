/**
 * Tokens for a JSON Web Token of one's own: a service account, or somebody it may
 * act for (RFC 7523, sections 2.1 and 3).
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AssertionGrant from "../AssertionGrant.ts"
import { AuthorizationServer } from "../AuthorizationServer.ts"
import * as OAuthError from "../OAuthError.ts"
import type { Scopes } from "../Scopes.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import type { TokenSource } from "../TokenSource.ts"
import * as Sign from "./internal/sign.ts"
import type * as SigningKey from "./SigningKey.ts"

/**
 * What the token says.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly key: SigningKey.Source
  /** Who says it: the service account, or the client. */
  readonly issuer: string
  /** For whom; the issuer itself unless said otherwise. */
  readonly subject?: string | undefined
  /** To whom: the server's issuer identifier unless said otherwise. Some servers want the token endpoint's address. */
  readonly audience?: string | undefined
  /** Further claims, `scope` where a server reads it there. */
  readonly claims?: Sign.Members | undefined
  /** How long it counts; a minute, and an hour at most. */
  readonly lifetime?: Duration.Input | undefined
  /** How far the server's clock may be behind; not at all, and five minutes at most. */
  readonly skew?: Duration.Input | undefined
  readonly scopes?: Scopes | undefined
  /** Further parameters of the request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/**
 * A token of one's own for the authorization server in context, made anew at
 * every run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const assertion = (
  options: Options
): Effect.Effect<Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>, OAuthError.OAuthError, AuthorizationServer> =>
  Effect.gen(function*() {
    const server = yield* AuthorizationServer
    const audience = options.audience ?? server.issuer
    const lifetime = Duration.fromInputUnsafe(options.lifetime ?? "1 minute")
    const skew = Duration.fromInputUnsafe(options.skew ?? 0)
    if (audience === undefined) {
      return yield* fail(new OAuthError.ConfigurationInvalid({ field: "audience", problem: "is missing" }))
    }
    if (!(Duration.toSeconds(lifetime) >= 1 && Duration.toHours(lifetime) <= 1)) {
      const problem = "must be between a second and an hour"
      return yield* fail(new OAuthError.ConfigurationInvalid({ field: "lifetime", problem }))
    }
    if (!(Duration.toSeconds(skew) >= 0 && Duration.toMinutes(skew) <= 5)) {
      const problem = "must be between nothing and five minutes"
      return yield* fail(new OAuthError.ConfigurationInvalid({ field: "skew", problem }))
    }
    const { issuer, key, subject = issuer } = options
    const use = (key: SigningKey.SigningKey) => Result.mapError(Sign.ready(key, undefined), wrapped)
    const ready = Effect.isEffect(key)
      ? Effect.flatMap(key, (key) => Effect.fromResult(use(key)))
      : Effect.succeed(yield* Effect.fromResult(use(key)))
    return Effect.flatMap(ready, (key) =>
      Effect.mapError(
        Sign.state(key, { issuer, subject, audience, typ: "JWT", lifetime, skew, claims: options.claims }),
        wrapped
      ))
  })

/**
 * A source of tokens for a token of one's own. Nothing is spent: it is kept in
 * memory and asked for again when it is due or refused.
 *
 * @see {@link AssertionGrant.source}
 * @category constructors
 * @since 0.1.0
 */
export const source = (
  options: Options
): Effect.Effect<TokenSource, OAuthError.OAuthError, AuthorizationServer | Scope.Scope | TokenEndpoint> =>
  Effect.flatMap(
    assertion(options),
    (assertion) => AssertionGrant.source({ assertion, scopes: options.scopes, parameters: options.parameters })
  )

const wrapped = (reason: OAuthError.OAuthErrorReason): OAuthError.OAuthError =>
  OAuthError.make("JwtBearer", "assertion", reason)

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(wrapped(reason))
