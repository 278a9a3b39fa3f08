/**
 * How the JSON Web Tokens of an authorization server are verified. Core asks;
 * `@effect-oauth/core/jose` answers, so that a program without ID tokens does
 * not load what signatures take (RFC 7519; OpenID Connect Core, section 3.1.3.7).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type { Effect } from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { JsonObject } from "effect/Schema"
import type { Identity, Kept } from "./Identity.ts"
import type { OAuthError } from "./OAuthError.ts"

/**
 * What an ID token is compared with, beyond the server and the client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expected {
  /** What the authorization request carried; without one the token must not have one either. */
  readonly nonce?: Redacted.Redacted | undefined
  /** The access token that came with it, for `at_hash`. */
  readonly accessToken?: Redacted.Redacted | undefined
  /** The code that it was issued for, for `c_hash`. */
  readonly code?: Redacted.Redacted | undefined
  /** How long ago the person may have signed in; asked for, it must be told. */
  readonly maxAge?: Duration.Duration | undefined
  /** The authentication context classes of which one must be told. */
  readonly acr?: ReadonlyArray<string> | undefined
  /** The request that it answers, where the tokens were brought (OpenID Connect CIBA, section 10.3.1). */
  readonly brought?: {
    readonly authReqId: Redacted.Redacted
    /** The refresh token that came with it. */
    readonly refreshToken?: Redacted.Redacted | undefined
  } | undefined
  /** What is known of the login that is renewed (OpenID Connect Core, section 12.2). */
  readonly renews?: Partial<Kept> | undefined
}

/**
 * Verifies the JSON Web Tokens of one authorization server for one client.
 *
 * **Details**
 *
 * Where this service is in context, `Login` demands an ID token for the scope
 * `openid` and keeps no grant without a good one, and `TokenService` verifies
 * those of renewals. Where it is not, ID tokens tell nobody anything: what they
 * say is not handed out, and only their unverified subject is compared, which
 * can refuse a renewal and can never sign anybody in.
 *
 * @category services
 * @since 0.1.0
 */
export class JwtVerifier extends Context.Service<JwtVerifier, {
  /**
   * Verifies an ID token. `JwtInvalid` names the rule that it breaks; any other
   * failure says that it could not be verified now.
   */
  readonly idToken: (token: Redacted.Redacted, expected: Expected) => Effect<Identity, OAuthError>

  /**
   * Verifies a signed answer of the UserInfo endpoint (OpenID Connect Core,
   * section 5.3.2) and gives its claims.
   */
  readonly userInfo: (token: Redacted.Redacted) => Effect<JsonObject, OAuthError>

  /**
   * Verifies a signed answer to a login (JARM, section 2.4) and gives its claims.
   * The issuer is looked at first: for another's token no key is asked for.
   */
  readonly authorizationResponse: (token: Redacted.Redacted) => Effect<JsonObject, OAuthError>
}>()("@effect-oauth/core/JwtVerifier") {}
