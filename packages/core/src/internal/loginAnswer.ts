/**
 * The second half of a login: what the browser brought is judged, the code is exchanged, and the tokens become a grant.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationDetails from "../AuthorizationDetails.ts"
import type * as AuthorizationRequest from "../AuthorizationRequest.ts"
import * as AuthorizationResponse from "../AuthorizationResponse.ts"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import * as GrantKey from "../GrantKey.ts"
import type { Identity } from "../Identity.ts"
import type { JwtVerifier } from "../JwtVerifier.ts"
import type { Completed, CompleteOptions } from "../Login.ts"
import * as OAuthError from "../OAuthError.ts"
import type { PendingAuthorizations } from "../PendingAuthorizations.ts"
import * as Scopes from "../Scopes.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import * as TokenRequest from "../TokenRequest.ts"
import type { TokenService } from "../TokenService.ts"
import type { TokenSet } from "../TokenSet.ts"
import { unverified } from "./loginRequest.ts"

/** What a login is completed with. */
export interface Parts {
  readonly server: AuthorizationServer["Service"]
  readonly endpoint: TokenEndpoint["Service"]
  readonly pendings: PendingAuthorizations["Service"]
  readonly grants: TokenService["Service"]
  readonly verifier: JwtVerifier["Service"] | undefined
}

/** Completes logins. */
export const complete = (
  { endpoint, grants, pendings, server, verifier }: Parts
): (answer: string, options?: CompleteOptions) => Effect.Effect<Completed, OAuthError.OAuthError> => {
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

  return Effect.fn("Login.complete")(function*(
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
}

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

const rejected = (problem: OAuthError.CallbackRejected["problem"]): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("Login", "complete", new OAuthError.CallbackRejected({ problem })))
