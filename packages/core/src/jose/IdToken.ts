/**
 * ID tokens, verified (OpenID Connect Core, sections 2, 3.1.3.7, 3.1.3.8, 12.2
 * and 16.14; OpenID Connect CIBA, section 10.3.1), and the other tokens of the same server: signed answers about the
 * person (section 5.3.2) and to logins (JARM, section 2.4). The `JwtVerifier` of
 * core.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import type { Identity } from "../Identity.ts"
import { type Expected, JwtVerifier } from "../JwtVerifier.ts"
import type * as OAuthError from "../OAuthError.ts"
import * as PlatformDigest from "../PlatformDigest.ts"
import * as Algorithms from "./internal/algorithms.ts"
import * as Claims from "./internal/claims.ts"
import type * as Jwe from "./internal/jwe.ts"
import * as Jws from "./internal/jws.ts"
import * as Verifier from "./internal/verifier.ts"
import type { Jwks } from "./Jwks.ts"

/**
 * The algorithms that a signature may be of. `none` is not one: a token's
 * signature is always verified.
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = Algorithms.Name

/**
 * What encrypted tokens are decrypted with.
 *
 * @category models
 * @since 0.1.0
 */
export type Decryption = Jwe.Decryption

/**
 * How tokens are verified.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What ID tokens may be signed with: what the client is registered for.
   * Without it, whatever of it the server announces is asymmetric, else `RS256`.
   */
  readonly algorithms?: ReadonlyArray<Algorithm> | undefined
  /** The same for signed answers about the person; those of ID tokens unless said otherwise. */
  readonly userInfoAlgorithms?: ReadonlyArray<Algorithm> | undefined
  /**
   * The same for signed answers to logins (JARM): whatever of it the server
   * announces is asymmetric, else `RS256`.
   */
  readonly authorizationResponseAlgorithms?: ReadonlyArray<Algorithm> | undefined
  /** Given, signed answers to logins must be encrypted. */
  readonly authorizationResponseDecryption?: Decryption | undefined
  /** The secret whose bytes are the key of `HS256` and its kin, where the client is registered for them. */
  readonly clientSecret?: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError> | undefined
  /** Others for whom a token may be as well. None unless named. */
  readonly trustedAudiences?: ReadonlyArray<string> | undefined
  /** How far the clocks may be apart; not at all, and five minutes at most. An `iat` or `nbf` may always be a minute ahead. */
  readonly skew?: Duration.Input | undefined
  /** How long ago a token may have been issued; a day. */
  readonly maxIssuedAgo?: Duration.Input | undefined
  /** Whether a renewal must repeat the `auth_time` of the login (OpenID Connect Core, section 12.2), as it must. */
  readonly renewedAuthTime?: "same" | "any" | undefined
  /** Given, ID tokens and answers about the person must be encrypted. */
  readonly decryption?: Decryption | undefined
}

/**
 * Makes a verifier for the authorization server and the client in context.
 *
 * **Details**
 *
 * In this order: the form of the token and its header (`typ`, `crit`, `alg`), the
 * signature by a key of the issuer, then the claims: `iss`, `aud`, `azp`, `exp`,
 * `nbf`, `iat`, `sub`, `nonce`, `auth_time`, `acr`, `at_hash`, `c_hash`. The first
 * rule that is broken is the answer. Claims that are not known are kept and not
 * looked at; `null` counts as absent.
 *
 * Of a renewal, issuer, subject and audience must be those of the login, a
 * `nonce` may be absent and must not be another, and `auth_time` must not have
 * changed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options?: Options
) => Effect.Effect<
  JwtVerifier["Service"],
  OAuthError.OAuthError,
  AuthorizationServer | ClientAuthentication | Digest.Digest | Jwks
> = Effect.fnUntraced(function*(options = {}) {
  const { digest } = yield* Digest.Digest
  const verifier = yield* Verifier.make("IdToken", options)
  const { clientId, issuer, trusted, verify } = verifier

  const hash = (alg: Algorithm, text: Redacted.Redacted | undefined): Effect.Effect<string | undefined> => {
    if (text === undefined) return Effect.succeed(undefined)
    const bytes = new TextEncoder().encode(Redacted.value(text))
    return Effect.map(
      digest(digests[Algorithms.of(alg).hash], bytes),
      (all) => Base64Url.encode(all.subarray(0, all.length / 2))
    )
  }

  const idToken = Effect.fnUntraced(function*(
    token: Redacted.Redacted,
    expected: Expected
  ): Effect.fn.Return<Identity, OAuthError.JwtInvalid | OAuthError.OAuthError> {
    const { alg, claims } = yield* verify(token, { jwt: "id-token", types: ["jwt"] }, verifier.algorithms)
    const now = yield* Clock.currentTimeMillis
    const hashes = {
      at_hash: yield* hash(alg, expected.accessToken),
      c_hash: yield* hash(alg, expected.code),
      rt_hash: yield* hash(alg, expected.brought?.refreshToken)
    }
    const judged = judge(claims, now, { ...verifier.limits, issuer, clientId, trusted, expected, hashes, options })
    return yield* Effect.mapError(Effect.fromResult(judged), (rule) => Jws.broken("id-token", rule))
  })

  const userInfo = Effect.fnUntraced(function*(
    token: Redacted.Redacted
  ): Effect.fn.Return<JsonObject, OAuthError.JwtInvalid | OAuthError.OAuthError> {
    const { claims } = yield* verify(token, { jwt: "userinfo", types: ["jwt"] }, verifier.userInfoAlgorithms)
    const refuse = (rule: OAuthError.JwtRule) => Jws.broken("userinfo", rule)
    // they need not be there (OpenID Connect Core, section 5.3.2), and must not be another's
    if (claims["iss"] !== undefined) yield* Effect.mapError(Effect.fromResult(Claims.issuer(claims, issuer)), refuse)
    if (claims["aud"] !== undefined) {
      const audience = Claims.audience(claims, clientId, trusted)
      yield* Effect.mapError(Effect.fromResult(audience), refuse)
    }
    return claims
  })

  const authorizationResponse = Effect.fnUntraced(function*(
    token: Redacted.Redacted
  ): Effect.fn.Return<JsonObject, OAuthError.JwtInvalid | OAuthError.OAuthError> {
    const jwt = "authorization-response"
    const { claims } = yield* verify(
      token,
      {
        jwt,
        types: ["jwt"],
        // whose keys are asked for is not the sender's to say (JARM, section 5.1)
        first: (claims) => Result.isFailure(Claims.issuer(claims, issuer)) ? "iss" : undefined
      },
      verifier.responseAlgorithms,
      { of: options.authorizationResponseDecryption }
    )
    const now = yield* Clock.currentTimeMillis
    const judged = Result.andThen(
      Claims.audience(claims, clientId, trusted),
      () => Claims.lifetime(claims, now, verifier.limits)
    )
    yield* Effect.mapError(Effect.fromResult(judged), (rule) => Jws.broken(jwt, rule))
    return claims
  })

  return JwtVerifier.of({
    authorizationResponse: (token) =>
      Effect.mapError(authorizationResponse(token), Verifier.wrapped("IdToken", "authorizationResponse")),
    idToken: (token, expected) => Effect.mapError(idToken(token, expected), Verifier.wrapped("IdToken", "idToken")),
    userInfo: (token) => Effect.mapError(userInfo(token), Verifier.wrapped("IdToken", "userInfo"))
  })
})

/**
 * The verifier of ID tokens, with digests of {@link PlatformDigest.layer}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<JwtVerifier, OAuthError.OAuthError, AuthorizationServer | ClientAuthentication | Jwks> =>
  Layer.provide(Layer.effect(JwtVerifier, Effect.suspend(() => make(options))), PlatformDigest.layer)

const digests = { 256: Digest.sha256, 384: Digest.sha384, 512: Digest.sha512 }

const judge = (
  claims: JsonObject,
  now: number,
  rules: {
    readonly issuer: Claims.Issuer
    readonly clientId: string
    readonly trusted: ReadonlyArray<string>
    readonly skew: number
    readonly ahead: number
    readonly age: number
    readonly expected: Expected
    readonly hashes: { readonly [H in "at_hash" | "c_hash" | "rt_hash"]: string | undefined }
    readonly options: Options
  }
): Claims.Checked<Identity> =>
  Result.gen(function*() {
    const { clientId, expected, hashes, options, skew } = rules
    const { renews } = expected
    const issuer = yield* Claims.issuer(claims, rules.issuer)
    const audience = yield* Claims.audience(claims, clientId, rules.trusted)
    yield* Claims.authorizedParty(claims, clientId, audience)
    const expiresAt = yield* Claims.lifetime(claims, now, rules)
    const issuedAt = yield* Claims.issuedAt(claims, now, rules)
    const subject = yield* Claims.subject(claims)
    const sent = expected.nonce === undefined ? renews?.nonce : Redacted.value(expected.nonce)
    const nonce = yield* Claims.nonce(claims, { sent, login: renews === undefined ? "new" : "renewed" })
    const maxAge = expected.maxAge === undefined ? undefined : Duration.toMillis(expected.maxAge)
    const authenticatedAt = yield* Claims.authenticatedAt(claims, now, { maxAge, skew })
    const authenticationContext = yield* Claims.authenticationContext(claims, expected.acr)
    yield* Claims.halfDigest(claims, "at_hash", hashes.at_hash)
    yield* Claims.halfDigest(claims, "c_hash", hashes.c_hash)
    if (expected.brought !== undefined) {
      const authReqId = Redacted.value(expected.brought.authReqId)
      yield* Claims.brought(claims, { authReqId, at_hash: hashes.at_hash, rt_hash: hashes.rt_hash })
    }
    const identity: Identity = {
      issuer,
      subject,
      audience,
      issuedAt,
      expiresAt,
      ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
      ...(nonce === undefined ? {} : { nonce }),
      ...(authenticationContext === undefined ? {} : { authenticationContext }),
      claims: Redacted.make(claims)
    }
    const changed = renews === undefined ? undefined : changeOf(identity, renews, options.renewedAuthTime ?? "same")
    return changed === undefined ? identity : yield* Result.fail(changed)
  })

// what a renewal must not change (OpenID Connect Core, section 12.2)
const changeOf = (
  renewed: Identity,
  login: NonNullable<Expected["renews"]>,
  authTime: "same" | "any"
): OAuthError.JwtRule | undefined => {
  const { audience = renewed.audience, authenticatedAt = renewed.authenticatedAt } = login
  if (renewed.issuer !== (login.issuer ?? renewed.issuer)) return "iss"
  if (renewed.subject !== (login.subject ?? renewed.subject)) return "sub"
  if (!isSubset(renewed.audience, audience) || !isSubset(audience, renewed.audience)) return "aud"
  if (renewed.issuedAt < (login.issuedAt ?? 0)) return "iat"
  const sameTime = renewed.authenticatedAt === undefined || renewed.authenticatedAt === authenticatedAt
  return sameTime || authTime === "any" ? undefined : "auth_time"
}

const isSubset = (some: ReadonlyArray<string>, all: ReadonlyArray<string>): boolean =>
  some.every((one) => all.includes(one))
