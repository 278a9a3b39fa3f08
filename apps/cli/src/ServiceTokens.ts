/**
 * Tokens of the client's own, kept in the store: there is nothing to lose, and
 * the next command need not ask.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { GrantKey } from "@effect-oauth/core/GrantKey"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as Scopes from "@effect-oauth/core/Scopes"
import { TokenEndpoint } from "@effect-oauth/core/TokenEndpoint"
import * as TokenRequest from "@effect-oauth/core/TokenRequest"
import { TokenService } from "@effect-oauth/core/TokenService"
import type { AccessToken } from "@effect-oauth/core/TokenSet"
import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as Effect from "effect/Effect"

/** The client's own tokens. */
export interface ServiceTokens {
  readonly source: TokenSource.TokenSource
  /** Asks for a token and keeps it. */
  readonly obtain: Effect.Effect<AccessToken, OAuthError>
}

/** The client's own tokens (RFC 6749, section 4.4), kept under a key. */
export const make = Effect.fnUntraced(function*(
  key: GrantKey,
  scopes: Scopes.Scopes
): Effect.fn.Return<ServiceTokens, never, AuthorizationServer | TokenEndpoint | TokenService> {
  const { dialect: { clientCredentials: leg } } = yield* AuthorizationServer
  const endpoint = yield* TokenEndpoint
  const service = yield* TokenService

  const obtain = Effect.gen(function*() {
    const tokens = yield* endpoint.request(TokenRequest.clientCredentials({
      scope: Scopes.toString(scopes, leg.scopeSeparator),
      parameters: Object.entries(leg.parameters)
    }))
    yield* service.adopt(key, tokens, { scopes, subject: "any" })
    return { value: tokens.accessToken, type: tokens.tokenType }
  })
  // what ended has no refresh token and needs none
  const orObtain = (token: Effect.Effect<AccessToken, OAuthError>): Effect.Effect<AccessToken, OAuthError> =>
    Effect.catchReason(token, "OAuthError", "ReauthorizationRequired", () => obtain)
  return {
    obtain,
    source: TokenSource.make({
      token: orObtain(service.token(key)),
      refused: (token) => orObtain(service.refused(key, token))
    })
  }
})
