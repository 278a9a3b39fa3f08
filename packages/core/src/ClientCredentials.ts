/**
 * Tokens of the client's own (RFC 6749, section 4.4; RFC 8707, section 2.2;
 * RFC 9396, section 6).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as AuthorizationDetails from "./AuthorizationDetails.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as Details from "./internal/details.ts"
import * as OAuthError from "./OAuthError.ts"
import * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import * as TokenSource from "./TokenSource.ts"

/**
 * A source of the client's own tokens. There is nothing to lose: the token is
 * kept in memory, and asked for again when it is due or refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source: (options?: {
  readonly scopes?: Scopes.Scopes | undefined
  /** Where the token is to be used: absolute URIs, sent letter by letter (RFC 8707). */
  readonly resources?: ReadonlyArray<string> | undefined
  /** What it is to allow in detail (RFC 9396). */
  readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
  /** Further parameters, `audience` for example. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}) => Effect.Effect<TokenSource.TokenSource, never, AuthorizationServer | Scope.Scope | TokenEndpoint> = Effect
  .fnUntraced(function*(options) {
    const server = yield* AuthorizationServer
    const endpoint = yield* TokenEndpoint
    const leg = server.dialect.clientCredentials
    const details = Details.parameters(options?.authorizationDetails, server.authorizationDetailsTypes)
    return yield* TokenSource.reuse(
      Effect.fromResult(details).pipe(
        Effect.mapError((reason) => OAuthError.make("ClientCredentials", "source", reason)),
        Effect.flatMap((details) =>
          endpoint.request(TokenRequest.clientCredentials({
            scope: Scopes.toString(options?.scopes ?? Scopes.empty, leg.scopeSeparator),
            parameters: [
              ...Object.entries({ ...leg.parameters, ...options?.parameters }),
              ...(options?.resources ?? []).map((resource) => ["resource", resource] as const),
              ...details
            ]
          }))
        )
      )
    )
  })
