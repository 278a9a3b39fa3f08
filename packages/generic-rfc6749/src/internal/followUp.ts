/**
 * What follows an answer with tokens: a question how long the token lives (RFC 7662), or its exchange for the one that
 * the API takes.
 */
import type { Following, OnTokens } from "@effect-oauth/core/EndpointRequest"
import * as Introspection from "@effect-oauth/core/Introspection"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as TokenResponse from "@effect-oauth/core/TokenResponse"
import type { TokenSet } from "@effect-oauth/core/TokenSet"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { DescribedDialect } from "../DescribedDialect.ts"

/** What there is to ask with. */
export interface Options {
  readonly dialect: DescribedDialect
  readonly tokenEndpoint: string
  readonly introspectionEndpoint: string | undefined
  /** How the answer of an exchange is judged. */
  readonly rules: TokenResponse.Rules
}

/** The hook, where the description says anything. */
export const make = (options: Options): OnTokens | undefined => {
  const { dialect, introspectionEndpoint } = options
  const then = dialect.authorizationCode?.then
  if (then?.repeated === "at-renewals") {
    return (tokens, about) =>
      about.grantType === "authorization_code" || about.grantType === "refresh_token"
        ? exchanged(tokens, about, then, options)
        : Effect.succeed({ _tag: "Granted", tokens })
  }
  return dialect.answers?.lifetime === "introspection" && introspectionEndpoint !== undefined
    ? (tokens, about) => lookedUp(tokens, about, introspectionEndpoint, options.rules)
    : undefined
}

// so long at most does a pair wait before it is saved
const timeLimit = Duration.seconds(5)

// Where the server does not say, the lifetime is the declared one: the tokens are good.
const lookedUp = (
  tokens: TokenSet,
  { kept, send }: Following,
  url: string,
  rules: TokenResponse.Rules
): Effect.Effect<TokenResponse.Judgement> =>
  send({
    endpoint: "introspection",
    field: "introspectionEndpoint",
    url,
    kept,
    parameters: [["token", tokens.accessToken], ["token_type_hint", "access_token"]]
  }).pipe(
    Effect.timeoutOption(timeLimit),
    Effect.flatMap(Effect.fromOption),
    Effect.flatMap((answer) => Effect.fromResult(Introspection.judge(answer, answer.sentAt))),
    Effect.map((told) =>
      told._tag === "Active" && told.expiresAt !== undefined
        ? Duration.millis(DateTime.toEpochMillis(told.expiresAt) - tokens.receivedAt)
        : undefined
    ),
    Effect.orElseSucceed(() => undefined),
    Effect.map((told) => {
      const { expiresIn: _, ...rest } = tokens
      const expiresIn = told ?? rules.defaultLifetime
      return { _tag: "Granted", tokens: expiresIn === undefined ? rest : { ...rest, expiresIn } }
    })
  )

type Then = NonNullable<NonNullable<DescribedDialect["authorizationCode"]>["then"]>

// Without the token that the API takes nobody is given anything, and the refresh token is kept for another try.
const exchanged = (
  tokens: TokenSet,
  { kept, send }: Following,
  { grantType, parameter, parameters }: Then,
  { rules, tokenEndpoint }: Options
): Effect.Effect<TokenResponse.Judgement> => {
  const { refreshToken, refreshTokenThumbprint } = tokens
  const failed = (reason: OAuthError.ResponseInvalid): TokenResponse.Judgement => ({
    _tag: "Unusable",
    reason,
    refreshToken,
    refreshTokenThumbprint
  })
  return send({
    endpoint: "token",
    grantType,
    field: "dialect.authorizationCode.then.endpoint",
    url: tokenEndpoint,
    kept,
    parameters: [["grant_type", grantType], [parameter, tokens.accessToken], ...Object.entries(parameters ?? {})]
  }).pipe(
    Effect.timeoutOption(timeLimit),
    Effect.flatMap(Effect.fromOption),
    Effect.map((answer): TokenResponse.Judgement => {
      const judgement = TokenResponse.judge(answer, rules)
      if (judgement._tag !== "Granted") {
        return failed(
          judgement.reason._tag === "ResponseInvalid" ? judgement.reason : missing(answer.status)
        )
      }
      const { refreshToken: _, refreshTokenExpiresIn: __, ...session } = judgement.tokens
      return { _tag: "Granted", tokens: { ...tokens, ...session, kept: { ...tokens.kept, ...session.kept } } }
    }),
    Effect.orElseSucceed(() => failed(missing(0)))
  )
}

const missing = (status: number): OAuthError.ResponseInvalid =>
  new OAuthError.ResponseInvalid({ problem: "missing", field: "access_token", status })
