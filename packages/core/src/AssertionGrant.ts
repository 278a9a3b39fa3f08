/**
 * Tokens for an assertion: what somebody signed says for whom, and nothing is
 * spent (RFC 7521, section 4.1; RFC 7522; RFC 7523, section 2.1).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as OAuthError from "./OAuthError.ts"
import * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import * as TokenSource from "./TokenSource.ts"

/**
 * What is presented.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** `TokenRequest.jwtBearerGrantType` unless said otherwise; an absolute URI. */
  readonly grantType?: string | undefined
  /** One assertion. It is run for every request, so that each has its own. */
  readonly assertion: Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>
  /** No wider than what was granted to whom the assertion is about (RFC 7521, section 4.1). */
  readonly scopes?: Scopes.Scopes | undefined
  /** Further parameters: `audience`, or `resource` (RFC 8707). */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/**
 * A source of tokens for an assertion. There is nothing to lose: the token is
 * kept in memory, and asked for again, with a fresh assertion, when it is due or
 * refused.
 *
 * @category constructors
 * @since 0.1.0
 */
export const source: (
  options: Options
) => Effect.Effect<TokenSource.TokenSource, never, AuthorizationServer | Scope.Scope | TokenEndpoint> = Effect
  .fnUntraced(function*(options) {
    const server = yield* AuthorizationServer
    const endpoint = yield* TokenEndpoint
    const grantType = options.grantType ?? TokenRequest.jwtBearerGrantType
    const scope = Scopes.toString(options.scopes ?? Scopes.empty, server.dialect.clientCredentials.scopeSeparator)
    const parameters = Object.entries(options.parameters ?? {})
    return yield* TokenSource.reuse(Effect.gen(function*() {
      if (!URL.canParse(grantType)) return yield* invalid("grantType", "is not an absolute URI")
      const assertion = yield* options.assertion
      if (!isOne(grantType, Redacted.value(assertion))) {
        return yield* invalid("assertion", "is not one signed token in its compact form")
      }
      return yield* endpoint.request(TokenRequest.assertion({ grantType, assertion, scope, parameters }))
    }))
  })

// RFC 7523, section 2.1: a single JWT. What is in it is between those two
const isOne = (grantType: string, assertion: string): boolean =>
  grantType === TokenRequest.jwtBearerGrantType
    ? /^[\w-]+(\.[\w-]+){2}$/.test(assertion)
    : /^[\w\-.=]+$/.test(assertion)

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("AssertionGrant", "source", new OAuthError.ConfigurationInvalid({ field, problem })))
