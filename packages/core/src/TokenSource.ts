/**
 * The narrow waist: where tokens come from, for whatever uses them. Everything
 * at the edge takes a `TokenSource`; everything below makes one.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { GrantKey } from "./GrantKey.ts"
import type { OAuthError } from "./OAuthError.ts"
import { RefreshPolicy } from "./RefreshPolicy.ts"
import type { Target } from "./Target.ts"
import { TokenService } from "./TokenService.ts"
import type { AccessToken, TokenSet } from "./TokenSet.ts"

const TypeId = "~@effect-oauth/core/TokenSource"

/**
 * A request that carries a token, and the token that it carries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorized {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly token: AccessToken
}

/**
 * A source of access tokens, bound to one grant and one target.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenSource {
  readonly [TypeId]: typeof TypeId
  /**
   * A token that can be used now.
   */
  readonly token: Effect.Effect<AccessToken, OAuthError>
  /**
   * Lets a request carry a token. A whole request is asked for, since not every
   * type of token is a header that stays the same.
   */
  readonly authorize: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<Authorized, OAuthError>
  /**
   * A token instead of one that the API refused with 401.
   */
  readonly refused: (token: AccessToken) => Effect.Effect<AccessToken, OAuthError>
}

/**
 * Makes a source from how it gets tokens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly token: Effect.Effect<AccessToken, OAuthError>
  readonly refused: (token: AccessToken) => Effect.Effect<AccessToken, OAuthError>
}): TokenSource => ({
  [TypeId]: TypeId,
  token: options.token,
  refused: options.refused,
  authorize: (request) => Effect.map(options.token, (token) => bearer(request, token))
})

/**
 * The tokens of a grant.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromGrant = (key: GrantKey, target?: Target): Effect.Effect<TokenSource, never, TokenService> =>
  Effect.map(TokenService, (service) => make(service.bind(key, target)))

/**
 * Always the same token; one that is refused is refused for good.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fixed = (token: AccessToken): TokenSource =>
  make({ token: Effect.succeed(token), refused: () => Effect.succeed(token) })

/**
 * Keeps the tokens that an effect obtains, and obtains others when they are due
 * or refused: one request, whoever waits.
 *
 * **When to use**
 *
 * Use it where obtaining spends nothing and may be repeated freely: client
 * credentials, signed assertions. What is presented once belongs to a
 * `TokenService`.
 *
 * **Details**
 *
 * The request belongs to the scope and not to a caller. A failure is not kept.
 * A token that is due is renewed while it is used.
 *
 * @category constructors
 * @since 0.1.0
 */
export const reuse: (
  obtain: Effect.Effect<TokenSet, OAuthError>
) => Effect.Effect<TokenSource, never, Scope.Scope> = Effect.fnUntraced(function*(obtain) {
  const policy = yield* RefreshPolicy
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<Scope.Scope>()
  let exit: Exit.Exit<AccessToken> | undefined
  let dueAt = Number.NEGATIVE_INFINITY
  let endsAt = Number.NEGATIVE_INFINITY
  let flight: Deferred.Deferred<AccessToken, OAuthError> | undefined

  const keep = (tokens: TokenSet): AccessToken => {
    const token: AccessToken = { value: tokens.accessToken, type: tokens.tokenType }
    const lifetime = tokens.expiresIn === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(tokens.expiresIn)
    exit = Exit.succeed(token)
    endsAt = tokens.receivedAt + lifetime - Math.min(Duration.toMillis(policy.skew), lifetime / 10)
    dueAt = tokens.receivedAt + lifetime -
      Math.min(Duration.toMillis(policy.margin), lifetime * policy.marginFraction)
    return token
  }
  const launch = (): Deferred.Deferred<AccessToken, OAuthError> => {
    const done = flight ??= Deferred.makeUnsafe()
    const request = Effect.onExit(Effect.map(obtain, keep), (result) =>
      Effect.sync(() => {
        flight = undefined
        // a token that can be used is not asked for again at every use
        if (Exit.isFailure(result)) dueAt = clock.currentTimeMillisUnsafe() + restAfterFailure
        Deferred.doneUnsafe(done, result)
      }))
    Effect.runForkWith(context)(Effect.forkScoped(Effect.ignore(request)))
    return done
  }
  const token = Effect.withFiber<AccessToken, OAuthError>((fiber) => {
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    if (exit !== undefined && now < dueAt) return exit
    const usable = exit !== undefined && now < endsAt ? exit : undefined
    const done = flight ?? launch()
    return usable ?? Deferred.await(done)
  })

  return make({
    token,
    refused: (refused) =>
      Effect.suspend(() => {
        const held = exit !== undefined && Exit.isSuccess(exit) ? Redacted.value(exit.value.value) : undefined
        if (held !== Redacted.value(refused.value)) return token
        return Deferred.await(flight ?? launch())
      })
  })
})

/**
 * The token as a promise, for libraries that ask for one.
 *
 * @category converting
 * @since 0.1.0
 */
export const toPromise = (
  self: TokenSource,
  run: (effect: Effect.Effect<string, OAuthError>) => Promise<string>
): () => Promise<string> => {
  const value = Effect.map(self.token, (token) => Redacted.value(token.value))
  return () => run(value)
}

/**
 * Lets a request carry a token in its `Authorization` header (RFC 6750, section
 * 2.1).
 *
 * @category combinators
 * @since 0.1.0
 */
export const bearer = (request: HttpClientRequest.HttpClientRequest, token: AccessToken): Authorized => ({
  request: HttpClientRequest.setHeader(request, "authorization", `${token.type} ${Redacted.value(token.value)}`),
  token
})

const restAfterFailure = 1_000
