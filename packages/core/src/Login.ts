/**
 * A login by the authorization code grant, in its two halves: where to send the
 * browser, and what to do with what it brings back (RFC 6749, section 4.1; RFC
 * 7636; RFC 8707; RFC 9101; RFC 9126; RFC 9207; RFC 9396; JARM).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type * as AuthorizationDetails from "./AuthorizationDetails.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import { Dpop } from "./Dpop.ts"
import type * as GrantKey from "./GrantKey.ts"
import type { Identity } from "./Identity.ts"
import * as LoginAnswer from "./internal/loginAnswer.ts"
import * as LoginRequest from "./internal/loginRequest.ts"
import { JwtVerifier } from "./JwtVerifier.ts"
import type * as OAuthError from "./OAuthError.ts"
import type * as OpenIdRequest from "./OpenIdRequest.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"
import * as PlatformDigest from "./PlatformDigest.ts"
import { PushedAuthorization } from "./PushedAuthorization.ts"
import { RequestSigner } from "./RequestSigner.ts"
import type * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import { type AdoptOptions, TokenService } from "./TokenService.ts"

/**
 * A login that was begun.
 *
 * @category models
 * @since 0.1.0
 */
export interface Begun {
  /** Where to send the browser: once, where the request was pushed. */
  readonly url: string
  /** Names the login; the answer must carry it. */
  readonly state: Redacted.Redacted
  /** When `url` is of no more use, where the request was pushed (RFC 9126). */
  readonly urlExpiresAt?: DateTime.Utc | undefined
  /**
   * The same login by an address that has not been used: pushed anew where the
   * request was pushed, else as it is.
   */
  readonly again: Effect.Effect<Begun, OAuthError.OAuthError>
}

/**
 * What a login asked for and did not get. The grant is kept.
 *
 * - `RefreshTokenWithheld`: there is no refresh token, though `scope` asked for
 *   one. The grant ends with its access token.
 *
 * @category models
 * @since 0.1.0
 */
export interface Warning {
  readonly _tag: "RefreshTokenWithheld"
  readonly scope: string
}

/**
 * A login that was completed: the grant is kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completed {
  readonly key: GrantKey.GrantKey
  /** Whether there is a refresh token. Some servers give one only for a scope of its own, `offline_access`. */
  readonly renewable: boolean
  /** What was asked for and not given: empty, if all is well. */
  readonly warnings: ReadonlyArray<Warning>
  /** Who it was, where `openid` was asked for and a `JwtVerifier` is in context. */
  readonly identity: Option.Option<Identity>
  /** The ID token that says so, a hint for signing out and for signing in again. */
  readonly idToken: Option.Option<Redacted.Redacted>
  /**
   * How what was granted differs from the details that were asked for, where any
   * were. What the server does not tell is `missing`: nothing is taken for granted.
   */
  readonly consent: Option.Option<Redacted.Redacted<AuthorizationDetails.Comparison>>
  readonly context: Option.Option<Json>
  /** Parameters of the answer that the protocol does not define. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * What is known of a login when it is decided whose grant it becomes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arrived {
  /** For whom the login was begun. */
  readonly account: string
  /** Who it was, where `openid` was asked for and a `JwtVerifier` is in context. */
  readonly identity: Option.Option<Identity>
  readonly context: Option.Option<Json>
}

/**
 * What a login asks for.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The application's own name for whose grant it will be. */
  readonly account: string
  readonly part?: string | undefined
  /** As registered with the server. */
  readonly redirectUri: string
  readonly scopes: Scopes.Scopes
  /**
   * Where the tokens are to be used (RFC 8707). One is named again with the code
   * and at every renewal; of several, each token is got by a `Target` of its own.
   */
  readonly resources?: ReadonlyArray<string> | undefined
  /**
   * What is asked for in detail (RFC 9396). Ask for one API by scopes or by
   * details, and not by both (section 3.1).
   */
  readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
  /**
   * What becomes of a login whose details would travel in the address, where the
   * person and the browser can read and change them: begun with a warning, or
   * `"refused"` (RFC 9396, sections 12 and 13). Where the server takes pushed
   * requests they never do.
   */
  readonly exposedDetails?: "warned" | "refused" | undefined
  /** What OpenID Connect adds; it takes the scope `openid`. */
  readonly openid?: OpenIdRequest.Options | undefined
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The application's own, given back when the login completes. It does not travel. */
  readonly context?: Json | undefined
  /** How long the answer is waited for; 10 minutes. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * How a login is completed.
 *
 * @category options
 * @since 0.1.0
 */
export interface CompleteOptions extends Pick<AdoptOptions, "unreadable"> {
  /**
   * Decides, once it is known who logged in, whose grant it becomes: the account
   * for whom it was begun, or another one. Where it fails, nothing is kept, and
   * the tokens are revoked.
   */
  readonly link?: ((arrived: Arrived) => Effect.Effect<string, OAuthError.OAuthError>) | undefined
}

/**
 * Logins by the authorization code grant.
 *
 * @category services
 * @since 0.1.0
 */
export class Login extends Context.Service<Login, {
  /**
   * Begins a login and remembers it until its answer arrives.
   *
   * **Details**
   *
   * Where the server takes pushed requests (RFC 9126), the request is pushed, and
   * a server that refuses it is not asked in another way. Where a `RequestSigner` is
   * in context, the request is signed (RFC 9101).
   */
  readonly begin: (options: Options) => Effect.Effect<Begun, OAuthError.OAuthError>

  /**
   * Completes a login with the address at which the browser arrived (or its
   * query): judges the answer, exchanges the code, and keeps the grant.
   *
   * **Gotchas**
   *
   * The answer counts once: whatever comes of it, a second one is refused.
   */
  readonly complete: (
    answer: string,
    options?: CompleteOptions
  ) => Effect.Effect<Completed, OAuthError.OAuthError>
}>()("@effect-oauth/core/Login") {}

/**
 * Logins, with randomness of WebCrypto and digests of
 * {@link PlatformDigest.layer}.
 *
 * **Details**
 *
 * They are built anew wherever they are provided: two clients in one application,
 * of two servers, never share them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  Login,
  never,
  | AuthorizationServer
  | ClientAuthentication
  | PendingAuthorizations
  | PushedAuthorization
  | TokenEndpoint
  | TokenService
> = Layer.suspend(() => layerWith).pipe(
  Layer.provide(PlatformDigest.layer),
  Layer.provide(SecureRandom.layerWebCrypto),
  Layer.fresh
)

/**
 * Logins, with randomness and digests from the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith: Layer.Layer<
  Login,
  never,
  | AuthorizationServer
  | ClientAuthentication
  | Digest.Digest
  | PendingAuthorizations
  | PushedAuthorization
  | SecureRandom.SecureRandom
  | TokenEndpoint
  | TokenService
> = Layer.fresh(Layer.effect(
  Login,
  Effect.gen(function*() {
    const server = yield* AuthorizationServer
    const client = yield* ClientAuthentication
    const pendings = yield* PendingAuthorizations
    const pushing = yield* PushedAuthorization
    const endpoint = yield* TokenEndpoint
    const grants = yield* TokenService
    const dpop = Option.getOrUndefined(yield* Effect.serviceOption(Dpop))
    const verifier = Option.getOrUndefined(yield* Effect.serviceOption(JwtVerifier))
    const signer = Option.getOrUndefined(yield* Effect.serviceOption(RequestSigner))
    const crypto = yield* Effect.context<Digest.Digest | SecureRandom.SecureRandom>()

    return Login.of({
      begin: LoginRequest.begin({ client, crypto, dpop, grants, pendings, pushing, server, signer, verifier }),
      complete: LoginAnswer.complete({ endpoint, grants, pendings, server, verifier })
    })
  })
))
