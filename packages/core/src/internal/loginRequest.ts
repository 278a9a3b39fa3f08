/**
 * The first half of a login: what is asked for is remembered, and the browser gets an address to be sent to, pushed or
 * not, signed or not.
 */
import type * as Context from "effect/Context"
import type * as Digest from "effect/crypto/Digest"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as AuthorizationRequest from "../AuthorizationRequest.ts"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import type { Dpop } from "../DpopProof.ts"
import type { JwtVerifier } from "../JwtVerifier.ts"
import type { Begun, Options } from "../Login.ts"
import * as OAuthError from "../OAuthError.ts"
import type { PendingAuthorizations } from "../PendingAuthorizations.ts"
import type { PushedAuthorization } from "../PushedAuthorization.ts"
import type { RequestSigner } from "../RequestSigner.ts"
import type * as TokenRequest from "../TokenRequest.ts"
import type { TokenService } from "../TokenService.ts"

/** What a login is begun with. */
export interface Parts {
  readonly server: AuthorizationServer["Service"]
  readonly client: ClientAuthentication["Service"]
  readonly pendings: PendingAuthorizations["Service"]
  readonly pushing: PushedAuthorization["Service"]
  readonly grants: TokenService["Service"]
  readonly dpop: Dpop["Service"] | undefined
  readonly verifier: JwtVerifier["Service"] | undefined
  readonly signer: RequestSigner["Service"] | undefined
  readonly crypto: Context.Context<Digest.Digest | SecureRandom.SecureRandom>
}

/** Begins logins. */
export const begin = (
  { client, crypto, dpop, grants, pendings, pushing, server, signer, verifier }: Parts
): (options: Options) => Effect.Effect<Begun, OAuthError.OAuthError> => {
  const pushes = server.pushedAuthorizationRequestEndpoint !== undefined &&
    server.dialect.authorization.pushed !== "never"

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

  return Effect.fn("Login.begin")(function*(
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
}

/** That answers are signed, and nobody can verify them. */
export const unverified = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "JwtVerifier",
    problem: "is missing, though answers are signed; provide IdToken.layer of core/jose"
  })
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

const exposed = Effect.fail(OAuthError.make(
  "Login",
  "begin",
  new OAuthError.ConfigurationInvalid({
    field: "authorizationDetails",
    problem: "would travel in the address; use a server that takes pushed requests, or let exposedDetails be warned"
  })
))
