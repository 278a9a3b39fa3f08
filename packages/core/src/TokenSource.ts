/**
 * The narrow waist: where tokens come from, for whatever uses them. Everything
 * at the edge takes a `TokenSource`; everything below makes one. A token goes into
 * the header of a request (RFC 6750, section 2.1).
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as DpopProof from "./DpopProof.ts"
import type { GrantKey } from "./GrantKey.ts"
import * as Attaching from "./internal/attaching.ts"
import * as Lifetimes from "./internal/lifetimes.ts"
import * as OAuthError from "./OAuthError.ts"
import { RefreshPolicy } from "./RefreshPolicy.ts"
import type { RemoteText } from "./RemoteText.ts"
import type { Target } from "./Target.ts"
import { notApplicable } from "./TokenResponse.ts"
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
  /**
   * Takes note of the API's answer, where the request is proven (RFC 9449,
   * section 9), and tells whether the same token with another proof may be
   * accepted.
   */
  readonly answered?: ((answer: DpopProof.Answer) => boolean) | undefined
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
  readonly token: Effect.Effect<AccessToken, OAuthError.OAuthError>
  /**
   * Lets a request carry a token. A whole request is asked for, since not every
   * type of token is a header that stays the same.
   */
  readonly authorize: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<Authorized, OAuthError.OAuthError>
  /**
   * A token instead of one that the API refused with 401.
   */
  readonly refused: (token: AccessToken) => Effect.Effect<AccessToken, OAuthError.OAuthError>
}

/**
 * Makes a source from how it gets tokens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly token: Effect.Effect<AccessToken, OAuthError.OAuthError>
  readonly refused: (token: AccessToken) => Effect.Effect<AccessToken, OAuthError.OAuthError>
  /** What proves requests whose token is bound to a key. */
  readonly dpop?: DpopProof.Dpop["Service"] | undefined
}): TokenSource => {
  const { dpop, refused, token } = options
  const prove: Attaching.Steps["prove"] = (request, token) => proven(request, token, dpop)
  const authorize: TokenSource["authorize"] = (request) =>
    Effect.flatMap(
      token,
      (token) => token.type === "DPoP" ? prove(request, token) : Effect.succeed(bearer(request, token))
    )
  Attaching.steps.set(authorize, { token, prove })
  return { [TypeId]: TypeId, token, refused, authorize }
}

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
  obtain: Effect.Effect<TokenSet, OAuthError.OAuthError>
) => Effect.Effect<TokenSource, never, Scope.Scope> = Effect.fnUntraced(function*(obtain) {
  const policy = yield* RefreshPolicy
  const dpop = Option.getOrUndefined(yield* Effect.serviceOption(DpopProof.Dpop))
  const clock = yield* Clock.Clock
  const context = yield* Effect.context()
  let exit: Exit.Exit<AccessToken> | undefined
  let dueAt = Number.NEGATIVE_INFINITY
  let endsAt = Number.NEGATIVE_INFINITY
  let refusal: { readonly token: string; readonly at: number } | undefined
  let closed = false
  let flight: { readonly fiber: Fiber.Fiber<AccessToken, OAuthError.OAuthError>; readonly done: Waiting } | undefined

  yield* Effect.addFinalizer(() => {
    closed = true
    return flight === undefined ? Effect.void : Fiber.interrupt(flight.fiber)
  })

  const keep = (tokens: TokenSet): AccessToken => {
    const token: AccessToken = {
      value: tokens.accessToken,
      type: tokens.tokenType,
      thumbprint: tokens.thumbprint
    }
    const lifetime = tokens.expiresIn === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(tokens.expiresIn)
    exit = Exit.succeed(token)
    endsAt = tokens.receivedAt + lifetime - Lifetimes.skew(policy, lifetime)
    const advised = tokens.refreshIn === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(Duration.toMillis(tokens.refreshIn), Duration.toMillis(policy.minInterval))
    dueAt = tokens.receivedAt + Math.min(lifetime - Lifetimes.margin(policy, lifetime), advised)
    return token
  }
  const launch = (): Waiting => {
    const done: Waiting = Deferred.makeUnsafe()
    if (closed) {
      Deferred.doneUnsafe(done, closing)
      return done
    }
    const fiber = Effect.runForkWith(context)(
      // what is no access token is shown to no API (RFC 8693, section 2.2.1)
      Effect.flatMap(
        obtain,
        (tokens) => tokens.tokenType === notApplicable ? notUsable : Effect.sync(() => keep(tokens))
      )
    )
    flight = { fiber, done }
    fiber.addObserver((result) => {
      flight = undefined
      // a token that can be used is not asked for again at every use
      if (Exit.isFailure(result)) dueAt = Math.min(endsAt, clock.currentTimeMillisUnsafe() + restAfterFailure)
      Deferred.doneUnsafe(done, Exit.isFailure(result) && Cause.hasInterruptsOnly(result.cause) ? closing : result)
    })
    return done
  }
  const wait = (done: Waiting): Effect.Effect<AccessToken, OAuthError.OAuthError> =>
    Effect.timeoutOrElse(Deferred.await(done), { duration: policy.waitAtMost, orElse: () => exceeded })
  const token = Effect.suspend((): Effect.Effect<AccessToken, OAuthError.OAuthError> => {
    const now = clock.currentTimeMillisUnsafe()
    if (exit !== undefined && now < dueAt) return exit
    const usable = exit !== undefined && now < endsAt ? exit : undefined
    const done = flight?.done ?? launch()
    return usable ?? wait(done)
  })

  return make({
    dpop,
    token,
    refused: (refused) =>
      Effect.suspend(() => {
        const value = Redacted.value(refused.value)
        const held = exit !== undefined && Exit.isSuccess(exit) ? Redacted.value(exit.value.value) : undefined
        if (held !== value) return token
        const now = clock.currentTimeMillisUnsafe()
        const cooldown = Duration.toMillis(policy.refusalCooldown)
        if (refusal?.token === value && now >= refusal.at && now < refusal.at + cooldown) {
          return fail(new OAuthError.RefusedAgain({ retryAfter: Duration.millis(refusal.at + cooldown - now) }))
        }
        return Effect.tap(wait(flight?.done ?? launch()), (next) =>
          Effect.sync(() => {
            refusal = { token: Redacted.value(next.value), at: clock.currentTimeMillisUnsafe() }
          }))
      })
  })
})

/**
 * The token as a promise, for libraries that ask for one.
 *
 * @category getters
 * @since 0.1.0
 */
export const toPromise = (
  self: TokenSource,
  run: (effect: Effect.Effect<string, OAuthError.OAuthError>) => Promise<string>
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
  request: HttpClientRequest.setHeader(request, "authorization", Attaching.authorization(token)),
  token
})

type Waiting = Deferred.Deferred<AccessToken, OAuthError.OAuthError>

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("TokenSource", "token", reason))

const closing = fail(new OAuthError.RenewalPending({ why: "closing" }))

const notUsable = fail(new OAuthError.TokenTypeUnsupported({ tokenType: notApplicable as RemoteText }))

const exceeded = fail(new OAuthError.RenewalPending({ why: "wait-exceeded" }))

// RFC 9449, section 7: the token under a scheme of its own, and a proof that is for this request and this token
const proven = (
  request: HttpClientRequest.HttpClientRequest,
  token: AccessToken,
  dpop: DpopProof.Dpop["Service"] | undefined
): Effect.Effect<Authorized, OAuthError.OAuthError> =>
  dpop === undefined || token.thumbprint === undefined
    ? fail(new OAuthError.KeyUnavailable({ use: "dpop", keyId: token.thumbprint }))
    : Effect.map(
      dpop.proof({
        method: request.method,
        url: request.url,
        accessToken: token.value,
        thumbprint: token.thumbprint
      }),
      (proof) => ({
        request: HttpClientRequest.setHeader(bearer(request, token).request, "dpop", Redacted.value(proof.value)),
        token,
        answered: (answer) => dpop.heard(proof, answer)
      })
    )

const restAfterFailure = 1_000
