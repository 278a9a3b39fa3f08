/**
 * Token exchange (RFC 8693): a token that the client has for one that it needs,
 * on behalf of somebody or instead of them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Struct from "effect/Struct"
import { isAbsoluteUri, problemOfResource } from "./internal/url.ts"
import * as OAuthError from "./OAuthError.ts"
import * as Scopes from "./Scopes.ts"
import { TokenEndpoint } from "./TokenEndpoint.ts"
import * as TokenRequest from "./TokenRequest.ts"
import * as TokenResponse from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"
import * as TokenSource from "./TokenSource.ts"

/**
 * What a token is, as a URI: one of {@link TokenType}, or another that the server
 * knows (RFC 8693, section 3).
 *
 * @category models
 * @since 0.1.0
 */
export type TokenTypeUri = string

/**
 * The token types that RFC 8693, section 3, registers.
 *
 * @category models
 * @since 0.1.0
 */
export const TokenType = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  refreshToken: "urn:ietf:params:oauth:token-type:refresh_token",
  idToken: "urn:ietf:params:oauth:token-type:id_token",
  saml1: "urn:ietf:params:oauth:token-type:saml1",
  saml2: "urn:ietf:params:oauth:token-type:saml2",
  jwt: "urn:ietf:params:oauth:token-type:jwt"
} as const

/**
 * A token with its type. The two are inseparable: neither is sent without the
 * other.
 *
 * @category models
 * @since 0.1.0
 */
export interface Presented {
  readonly token: Redacted.Redacted
  readonly type: TokenTypeUri
}

/**
 * What an exchange gave. An access token is used like every other; what is no access
 * token has no token type, and no way into a request of an API.
 *
 * @category models
 * @since 0.1.0
 */
export type Exchanged =
  | { readonly _tag: "AccessToken"; readonly type: TokenTypeUri; readonly tokens: TokenSet }
  | { readonly _tag: "OtherToken"; readonly type: TokenTypeUri; readonly issued: Issued }

/**
 * A token that is no access token: an ID token, an assertion, or whatever the
 * server issues for another server to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Issued extends Omit<TokenSet, "accessToken" | "issuedTokenType" | "tokenType"> {
  readonly token: Redacted.Redacted
}

/**
 * What is exchanged, and for what.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** On whose behalf the new token is. */
  readonly subject: Presented
  /** Who acts for them, where that is not the client itself. */
  readonly actor?: Presented | undefined
  /** Where the new token is to be used, as absolute URIs; as few as can be (RFC 8693, section 2.1.1). */
  readonly resources?: ReadonlyArray<string> | undefined
  /** The same by names that the server knows. */
  readonly audiences?: ReadonlyArray<string> | undefined
  readonly scopes?: Scopes.Scopes | undefined
  /** What to issue; the server's choice unless it is named. An answer of another type is then refused. */
  readonly requested?: TokenTypeUri | undefined
  /** Further parameters that the server knows. */
  readonly parameters?: TokenRequest.Parameters | undefined
}

/**
 * The request of an exchange.
 *
 * @category constructors
 * @since 0.1.0
 */
export const request = (options: Options): Result.Result<TokenRequest.TokenRequest, OAuthError.OAuthError> => {
  const { actor, audiences = [], resources = [], subject } = options
  for (const resource of resources) {
    const problem = problemOfResource(resource)
    if (problem !== undefined) return invalid("resources", problem)
  }
  const types = { "subject.type": subject.type, "actor.type": actor?.type, requested: options.requested }
  for (const [field, type] of Object.entries(types)) {
    if (type !== undefined && !isAbsoluteUri(type)) return invalid(field, "must be a URI, like those of TokenType")
  }
  const scope = Scopes.toString(options.scopes ?? Scopes.empty)
  return Result.succeed(TokenRequest.extension(TokenRequest.tokenExchangeGrantType, [
    ...resources.map((resource) => ["resource", resource] as const),
    ...audiences.map((audience) => ["audience", audience] as const),
    ["scope", scope],
    ["requested_token_type", options.requested ?? ""],
    ["subject_token", subject.token],
    ["subject_token_type", subject.type],
    ...(actor === undefined ? [] : [["actor_token", actor.token], ["actor_token_type", actor.type]] as const),
    ...(options.parameters ?? [])
  ]))
}

/**
 * Exchanges a token once.
 *
 * **Gotchas**
 *
 * Who acts for whom is told by the claims of the new token. Decide by its
 * top-level claims and its current actor alone; what is nested deeper is history
 * (RFC 8693, section 4.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const exchange: (options: Options) => Effect.Effect<Exchanged, OAuthError.OAuthError, TokenEndpoint> = Effect
  .fn("TokenExchange.exchange")(function*(options) {
    const endpoint = yield* TokenEndpoint
    return yield* perform(endpoint, options)
  })

/**
 * A source of tokens got by exchange. What the exchange presents is not spent by
 * it, so there is nothing to lose: the token is kept in memory, and exchanged for
 * again when it is due or refused.
 *
 * **Details**
 *
 * The options are an effect that is run for every exchange, so that the subject's
 * token is the one of that moment: take it from a `TokenSource`, or read it from
 * where the platform puts it.
 *
 * **Example** (On behalf of a person, for another API)
 *
 * ```ts
 * import { TokenExchange, type TokenSource } from "@effect-oauth/core"
 * import { Effect } from "effect"
 *
 * export const forLedger = (person: TokenSource.TokenSource) =>
 *   TokenExchange.source(Effect.map(person.token, ({ value }) => ({
 *     subject: { token: value, type: TokenExchange.TokenType.accessToken },
 *     resources: ["https://ledger.example.com"]
 *   })))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const source: (
  options: Effect.Effect<Options, OAuthError.OAuthError>
) => Effect.Effect<TokenSource.TokenSource, never, Scope.Scope | TokenEndpoint> = Effect.fnUntraced(
  function*(options) {
    const endpoint = yield* TokenEndpoint
    return yield* TokenSource.reuse(
      Effect.flatMap(options, (options) => perform(endpoint, options)).pipe(
        Effect.flatMap((exchanged) =>
          exchanged._tag === "AccessToken"
            ? Effect.succeed(exchanged.tokens)
            : Effect.fail(failure("source", "mismatch", "token_type"))
        )
      )
    )
  }
)

const perform = Effect.fnUntraced(function*(
  endpoint: TokenEndpoint["Service"],
  options: Options
): Effect.fn.Return<Exchanged, OAuthError.OAuthError> {
  const tokens = yield* endpoint.request(yield* Effect.fromResult(request(options)))
  const { issuedTokenType: type } = tokens
  if (type === undefined) return yield* Effect.fail(failure("exchange", "missing", "issued_token_type"))
  if (options.requested !== undefined && options.requested !== type) {
    return yield* Effect.fail(failure("exchange", "mismatch", "issued_token_type"))
  }
  if (tokens.tokenType !== TokenResponse.notApplicable) return { _tag: "AccessToken", type, tokens }
  const issued = { ...Struct.omit(tokens, ["accessToken", "issuedTokenType", "tokenType"]), token: tokens.accessToken }
  return { _tag: "OtherToken", type, issued }
})

const failure = (
  method: string,
  problem: OAuthError.ResponseInvalid["problem"],
  field: string
): OAuthError.OAuthError =>
  OAuthError.make("TokenExchange", method, new OAuthError.ResponseInvalid({ problem, field, status: 200 }))

const invalid = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make("TokenExchange", "request", new OAuthError.ConfigurationInvalid({ field, problem })))
