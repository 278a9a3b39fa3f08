/**
 * A login by the authorization code grant, in its two halves: where to send the
 * browser, and what to do with what it brings back (RFC 6749, section 4.1; RFC
 * 7636; RFC 8707; RFC 9101; RFC 9126; RFC 9207; RFC 9396; JARM).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as AuthorizationDetails from "./AuthorizationDetails.ts"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import { Dpop } from "./Dpop.ts"
import * as GrantKey from "./GrantKey.ts"
import type { Identity } from "./Identity.ts"
import { JwtVerifier } from "./JwtVerifier.ts"
import * as OAuthError from "./OAuthError.ts"
import type * as OpenIdRequest from "./OpenIdRequest.ts"
import { PendingAuthorizations } from "./PendingAuthorizations.ts"
import { PushedAuthorization } from "./PushedAuthorization.ts"
import { RequestSigner } from "./RequestSigner.ts"
import * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import { type AdoptOptions, TokenService } from "./TokenService.ts"
import type { TokenSet } from "./TokenSet.ts"

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
 * Logins, with WebCrypto for randomness and digests.
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
  Layer.provide(Digest.layerWebCrypto),
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

    const pushes = server.pushedAuthorizationRequestEndpoint !== undefined &&
      server.dialect.authorization.pushed !== "never"

    const begin = Effect.fn("Login.begin")(function*(
      options: Options
    ): Effect.fn.Return<Begun, OAuthError.OAuthError> {
      if (server.dialect.authorization.pkce === "none") {
        const { method } = yield* client.credentials("token")
        if (method === "none") return yield* withoutProof
      }
      if (server.dialect.authorization.signed === "required" && signer === undefined) return yield* unsigned
      if (server.dialect.authorization.responseMode !== "plain" && verifier === undefined) return yield* unverified
      if (
        !pushes && signer?.visibility !== "hidden" && options.authorizationDetails !== undefined &&
        options.authorizationDetails.length > 0
      ) {
        if (options.exposedDetails === "refused") return yield* exposed
        yield* Effect.logWarning(
          "Authorization details travel in an address that others can read and change (RFC 9396, section 12)"
        )
      }
      const request = yield* Effect.provideContext(
        AuthorizationRequest.make({
          endpoint: server.authorizationEndpoint,
          // an issuer with places is none that an answer can be compared with
          issuer: server.issuerClaims === undefined ? server.issuer : undefined,
          rules: server.dialect.authorization,
          clientId: client.clientId,
          redirectUri: options.redirectUri,
          scopes: options.scopes,
          resources: options.resources,
          authorizationDetails: options.authorizationDetails,
          authorizationDetailsTypes: server.authorizationDetailsTypes,
          key: grants.key(options.account, options.part),
          openid: options.openid,
          parameters: options.parameters,
          context: options.context,
          thumbprint: dpop?.thumbprint
        }),
        crypto
      )
      yield* pendings.put(request.pending, Duration.toMillis(options.timeToLive ?? defaultTimeToLive))
      // made when it is run: an effect that is printed shows what it holds
      const begun: Effect.Effect<Begun, OAuthError.OAuthError> = Effect.suspend(() =>
        Effect.map(sent(request), (address) => ({ ...address, state: request.pending.state, again: begun }))
      )
      return yield* begun
    })

    // where to send the browser: pushed or not, signed or not, and each time anew
    const sent = (
      { parameters, url }: AuthorizationRequest.AuthorizationRequest
    ): Effect.Effect<Pick<Begun, "url" | "urlExpiresAt">, OAuthError.OAuthError> => {
      const push = (parameters: TokenRequest.Parameters) =>
        Effect.map(pushing.push(parameters), ({ expiresAt, url }) => ({ url, urlExpiresAt: expiresAt }))
      if (signer === undefined) return pushes ? push(parameters) : Effect.succeed({ url })
      return Effect.flatMap(signer.sign(parameters), (request) => {
        // beside the object stands what the client proves itself with, and nothing else (RFC 9126, section 3)
        if (pushes) return push([["request", request]])
        const object: Effect.Effect<AuthorizationRequest.RequestObject, OAuthError.OAuthError> =
          signer.publish === undefined
            ? Effect.succeed({ request })
            : Effect.map(signer.publish(request), (requestUri) => ({ requestUri }))
        return Effect.flatMap(object, (object) =>
          Effect.map(
            Effect.fromResult(AuthorizationRequest.signed(server.authorizationEndpoint ?? "", parameters, object)),
            (url) => ({ url })
          ))
      })
    }

    const { authorizationCode: leg, authorizationResponse: arrival } = server.dialect

    const obtain = Effect.fnUntraced(function*(
      request: TokenRequest.TokenRequest
    ): Effect.fn.Return<TokenSet, OAuthError.OAuthError> {
      const tokens = yield* endpoint.request(request)
      if (leg.then === undefined) return tokens
      const { grantType, parameter, parameters } = leg.then
      return yield* endpoint.request({
        grantType,
        parameters: [[parameter, tokens.accessToken], ...Object.entries(parameters)],
        kept: { ...request.kept, ...tokens.kept },
        thumbprint: request.thumbprint
      })
    })

    const identify = (
      { accessToken, idToken }: TokenSet,
      code: Redacted.Redacted,
      { acr, maxAge, nonce }: AuthorizationRequest.PendingAuthorization,
      verifier: JwtVerifier["Service"]
    ): Effect.Effect<Identity, OAuthError.OAuthError> =>
      idToken === undefined
        ? Effect.fail(OAuthError.make("Login", "complete", missing))
        : verifier.idToken(idToken, {
          nonce,
          accessToken,
          code,
          acr,
          maxAge: maxAge === undefined ? undefined : Duration.seconds(maxAge)
        })

    const keep = Effect.fnUntraced(function*(
      key: GrantKey.GrantKey,
      { parts, ...tokens }: TokenSet,
      code: Redacted.Redacted,
      pending: AuthorizationRequest.PendingAuthorization,
      { link, unreadable }: CompleteOptions
    ): Effect.fn.Return<Pick<Completed, "key" | "identity">, OAuthError.OAuthError> {
      const { authorizationDetails, resources, scopes } = pending
      const asGranted = isGranted(tokens.scopes, scopes, server.dialect.response.scopePolicy)
      const identity = !asGranted || verifier === undefined || !scopes.includes("openid")
        ? undefined
        : yield* Effect.result(identify(tokens, code, pending, verifier))
      const told = Option.fromUndefinedOr(identity === undefined ? undefined : Result.getOrUndefined(identity))
      const linked = link === undefined || !asGranted || identity?._tag === "Failure"
        ? undefined
        : yield* Effect.result(
          link({ account: key.account, identity: told, context: Option.fromUndefinedOr(pending.context) })
        )
      const account = linked?._tag === "Success" ? linked.success : key.account
      const own = grants.key(account, key.part)
      const refused = identity?._tag === "Failure" ? identity : linked?._tag === "Failure" ? linked : undefined
      yield* grants.adopt(own, tokens, {
        unreadable,
        scopes,
        resources,
        authorizationDetails: authorizationDetails === undefined ? undefined : Redacted.value(authorizationDetails),
        otherwise: "revoke",
        ...(!asGranted
          ? { identity: notAsGranted }
          : refused !== undefined
          ? { identity: Effect.fail(refused.failure) }
          : Option.isSome(told)
          ? { identity: Effect.succeed(told.value) }
          : {})
      })
      for (const [part, others] of Object.entries(parts ?? {})) {
        yield* grants.adopt(grants.key(account, part), others, { unreadable, otherwise: "revoke" })
      }
      return { key: own, identity: told }
    })

    // a signed answer is verified before anything of it is read (JARM, section 2.4)
    const opened = (
      response: AuthorizationResponse.AuthorizationResponse
    ): Effect.Effect<AuthorizationResponse.AuthorizationResponse, OAuthError.OAuthError> => {
      if (response.jwt === undefined) return Effect.succeed(response)
      if (server.dialect.authorization.responseMode === "plain") return rejected("unsupported-response")
      return verifier === undefined
        ? unverified
        : Effect.flatMap(
          verifier.authorizationResponse(response.jwt),
          (claims) => Effect.fromResult(AuthorizationResponse.fromClaims(response, claims))
        )
    }

    const complete = Effect.fn("Login.complete")(function*(
      answer: string,
      options: CompleteOptions = {}
    ): Effect.fn.Return<Completed, OAuthError.OAuthError> {
      const response = yield* opened(
        yield* Effect.fromResult(
          (URL.canParse(answer) ? AuthorizationResponse.fromUrl : AuthorizationResponse.fromQuery)(answer, arrival)
        )
      )
      if (response.state === undefined) return yield* rejected("state-mismatch")
      const taken = yield* pendings.take(Redacted.value(response.state))
      const pending = Option.getOrUndefined(taken)
      const key = pending === undefined ? undefined : GrantKey.fromId(pending.key)
      if (pending === undefined || key === undefined || pending.backchannel !== undefined) {
        return yield* rejected("no-pending-authorization")
      }
      if (key.id !== grants.key(key.account, key.part).id) return yield* rejected("issuer-mismatch")
      const authorized = yield* Effect.fromResult(AuthorizationResponse.judge(response, pending))

      const kept = keptOf(authorized.parameters, arrival.keep)
      // the code is spent and the tokens are nobody's: a browser that goes away does not end this half-way
      const { identity, key: linked, tokens } = yield* Effect.flatMap(
        Effect.forkDetach(Effect.flatMap(
          obtain(TokenRequest.authorizationCode({
            kept,
            code: authorized.code,
            redirectUri: leg.redirectUri === "repeated"
              ? server.dialect.authorization.redirectName ?? pending.redirectUri
              : undefined,
            codeVerifier: pending.codeVerifier,
            thumbprint: pending.thumbprint,
            parameters: [
              ...(leg.scope === "asked"
                ? [["scope", Scopes.toString(pending.scopes, leg.scopeSeparator)] as const]
                : []),
              ...(pending.resources?.length === 1
                ? pending.resources.map((resource) => ["resource", resource] as const)
                : []),
              ...Object.entries(leg.parameters)
            ]
          })),
          (obtained) => {
            const tokens = kept === undefined ? obtained : { ...obtained, kept: { ...kept, ...obtained.kept } }
            return Effect.map(
              keep(key, tokens, authorized.code, pending, options),
              (kept) => ({ ...kept, tokens })
            )
          }
        )),
        Fiber.join
      )
      const renewable = tokens.refreshToken !== undefined
      const { offlineScope: scope } = server.dialect.authorization
      return {
        key: linked,
        renewable,
        warnings: renewable || !pending.scopes.includes(scope) ? [] : [{ _tag: "RefreshTokenWithheld", scope }],
        identity,
        // what nobody has verified is no hint either
        idToken: Option.fromUndefinedOr(Option.isNone(identity) ? undefined : tokens.idToken),
        consent: Option.map(
          Option.fromUndefinedOr(pending.authorizationDetails),
          (asked) =>
            Redacted.make(AuthorizationDetails.compare(
              Redacted.value(asked),
              tokens.authorizationDetails === undefined ? [] : Redacted.value(tokens.authorizationDetails)
            ))
        ),
        context: Option.fromUndefinedOr(pending.context),
        parameters: authorized.parameters
      }
    })

    return Login.of({ begin, complete })
  })
))

const keptOf = (parameters: ReadonlyMap<string, string>, names: ReadonlyArray<string>): TokenSet["kept"] => {
  const kept = names.flatMap((name) => {
    const value = parameters.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const missing = new OAuthError.ResponseInvalid({ problem: "missing", field: "id_token", status: 200 })

const isGranted = (
  granted: Scopes.Scopes | undefined,
  asked: Scopes.Scopes,
  policy: AuthorizationServer["Service"]["dialect"]["response"]["scopePolicy"]
): boolean =>
  granted === undefined || policy === "any" || (
    (policy === "superset" || Scopes.includes(asked, granted)) &&
    (policy === "subset" || Scopes.includes(granted, asked))
  )

const notAsGranted = Effect.fail(OAuthError.make(
  "Login",
  "complete",
  new OAuthError.ResponseInvalid({ problem: "mismatch", field: "scope", status: 200 })
))

const defaultTimeToLive = Duration.minutes(10)

// a code that nothing is needed for belongs to whoever intercepts it (RFC 9700, section 2.1.1)
const withoutProof = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "dialect.authorization.pkce",
    problem: "is none, though the client has no secret; use S256, or a client secret"
  })
))

const unsigned = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "RequestSigner",
    problem: "is missing, though the server takes signed requests only; provide RequestObject.layer of core/jose"
  })
))

const unverified = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "JwtVerifier",
    problem: "is missing, though answers are signed; provide IdToken.layer of core/jose"
  })
))

const exposed = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "authorizationDetails",
    problem: "would travel in the address; use a server that takes pushed requests, or let exposedDetails be warned"
  })
))

const rejected = (problem: OAuthError.CallbackRejected["problem"]): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("Login", "complete", new OAuthError.CallbackRejected({ problem })))
