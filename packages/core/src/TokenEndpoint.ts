/**
 * The token endpoint: one request, one answer, judged (RFC 6749, section 3.2).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication, type Credentials } from "./ClientAuthentication.ts"
import { Dpop } from "./DpopProof.ts"
import type { About, OnTokens } from "./EndpointRequest.ts"
import { ExchangeLimits } from "./ExchangeLimits.ts"
import { unavailable } from "./internal/binding.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Form from "./internal/form.ts"
import { type Received, received } from "./internal/received.ts"
import * as Spans from "./internal/spans.ts"
import * as Stopwatch from "./internal/stopwatch.ts"
import { isValue } from "./internal/within.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import type { Parameters, TokenRequest } from "./TokenRequest.ts"
import * as TokenResponse from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * How an exchange is bounded.
 *
 * @category options
 * @since 0.1.0
 */
export interface ExchangeOptions {
  readonly timeLimit?: Duration.Duration | undefined
  readonly maySend?: (() => boolean) | undefined
}

/**
 * The token endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenEndpoint extends Context.Service<TokenEndpoint, {
  /**
   * Sends a request once and judges what comes back. It never fails: whatever
   * happens is a judgement, as what to do next depends on it. `timeLimit` (30
   * seconds) bounds reading the credentials, and then connecting, head and body
   * together. `maySend` is asked at the last moment; where it says no, nothing is sent.
   *
   * Client credentials that the server does not accept are read once more; if
   * they are others by now, the request is sent once more, where `timeLimit` is not
   * over since the beginning.
   * So it is once where the server asks for a DPoP proof with its nonce, or with
   * its time (RFC 9449, section 8): it has not looked at the grant yet.
   */
  readonly exchange: (
    request: TokenRequest,
    options?: ExchangeOptions
  ) => Effect.Effect<TokenResponse.Judgement>

  /**
   * Sends a request once and succeeds with its tokens.
   */
  readonly request: (request: TokenRequest) => Effect.Effect<TokenSet, OAuthError.OAuthError>
}>()("@effect-oauth/core/TokenEndpoint") {}

/**
 * Makes the token endpoint of the authorization server in context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  TokenEndpoint["Service"],
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Effect.gen(function*() {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication

  const dpop = Option.getOrUndefined(yield* Effect.serviceOption(Dpop))

  const judge = (
    answer: TokenResponse.Answer,
    about: About,
    tokenTypes: ReadonlyArray<string> | undefined
  ): TokenResponse.Judgement => {
    const { authorizationCode, response } = server.dialect
    const asked = { grantType: about.grantType, tokenTypes }
    const judgement = TokenResponse.judge(Form.answered(answer, about, server.dialect), response, asked)
    const names = about.grantType === "authorization_code" ? authorizationCode.parts : []
    if (judgement._tag !== "Granted" || names.length === 0) return judgement
    const parts = names.flatMap((part) => {
      const own = TokenResponse.judge(Form.answered(answer, { ...about, part }, server.dialect), response, {
        tokenTypes
      })
      return own._tag === "Granted" ? [[part, own.tokens] as const] : []
    })
    return { ...judgement, tokens: { ...judgement.tokens, parts: Object.fromEntries(parts) } }
  }

  // An answer that completes another one belongs to it.
  const follow = (
    judgement: TokenResponse.Judgement,
    { grantType, kept }: TokenRequest,
    onTokens: OnTokens
  ): Effect.Effect<TokenResponse.Judgement> =>
    judgement._tag !== "Granted"
      ? Effect.succeed(judgement)
      : Form.followed(judgement.tokens, onTokens, {
        grantType,
        kept: { ...kept, ...judgement.tokens.kept },
        send: (to) => Form.exchange(client, authentication, server.dialect, to)
      })

  const send = (
    request: TokenRequest,
    credentials: Credentials,
    timeLimit: Duration.Duration,
    maySend: () => boolean
  ): Effect.Effect<Sent, Unsendable> => {
    const { certificate, method } = credentials
    const { grantType, thumbprint } = request
    if (grantType === "client_credentials" && method === "none") {
      return Effect.fail(
        new OAuthError.ConfigurationInvalid({
          field: "clientAuthentication",
          problem: "is that of a public client, which has no tokens of its own (RFC 6749, section 4.4)"
        })
      )
    }
    const refreshes = grantType === "refresh_token" && server.refreshEndpoint !== undefined
    const field = refreshes ? "refreshEndpoint" : "tokenEndpoint"
    const url = server[field] ?? server.tokenEndpoint
    const about = { endpoint: "token", grantType } as const
    const once = (request: HttpClientRequest.HttpClientRequest, tokenTypes?: ReadonlyArray<string>) =>
      Effect.suspend((): Effect.Effect<Received> => {
        if (maySend()) {
          return Effect.map(
            Exchange.once(client, request, { field, timeLimit }),
            (outcome) => received(outcome, (answer) => judge(answer, about, tokenTypes))
          )
        }
        const { origin } = new URL(url)
        const reason = new OAuthError.RequestNotSent({ problem: "lease-lost", origin })
        return Effect.succeed({ judgement: { _tag: "NotSent", reason } })
      })
    const parameters: Parameters = [["grant_type", grantType], ...request.parameters]
    return then(
      Form.request({ ...about, url, parameters, kept: request.kept }, credentials, server.dialect),
      (written) => {
        if (dpop === undefined) {
          return thumbprint !== undefined && thumbprint !== certificate?.name
            ? Effect.fail(unavailable(thumbprint))
            : Effect.map(
              once(written),
              ({ judgement }) => final(certificate === undefined ? judgement : certificate.binds(judgement))
            )
        }
        const sent = dpop.exchange({
          thumbprint,
          request: written,
          algorithms: server.dpopSigningAlgorithms,
          clientMethod: method,
          send: once,
          probe: server.dialect.dpopNonce === "fetched"
            ? (request) =>
              Effect.map(
                Exchange.once(client, request, { field }),
                (outcome) => outcome._tag === "Answer" ? outcome.answer.headers : undefined
              )
            : undefined
        })
        return Effect.map(
          sent,
          ({ again, judgement }): Sent => again ? { judgement, remedy: "proof" } : final(judgement)
        )
      }
    )
  }

  // A request that was refused before its grant was looked at is sent once more for each remedy that there is.
  const attempt = (
    request: TokenRequest,
    limit: Duration.Duration,
    clock: Clock.Clock,
    { maySend = always }: ExchangeOptions
  ): Effect.Effect<TokenResponse.Judgement, Unsendable> => {
    const elapsed = Stopwatch.start(clock)
    const left = () => Duration.millis(Math.max(0, Duration.toMillis(limit) - elapsed()))
    const tried: Array<Remedy> = []
    const by = (
      credentials: Credentials
    ): Effect.Effect<TokenResponse.Judgement, Unsendable> =>
      // what is presented has all of the time for its answer, however long the credentials took
      Effect.flatMap(send(request, credentials, limit, maySend), ({ judgement, remedy }) => {
        if (remedy === undefined || tried.includes(remedy)) return Effect.succeed(judgement)
        tried.push(remedy)
        return Effect.matchEffect(Form.credentials(authentication, "token", left()), {
          onFailure: () => Effect.succeed(judgement),
          onSuccess: (others) =>
            !Duration.isPositive(left()) || !maySend() ||
              (remedy === "credentials" && Form.sameCredentials(credentials, others))
              ? Effect.succeed(judgement)
              : by(others)
        })
      })
    return then(Form.credentials(authentication, "token", limit), by)
  }

  const exchange = (
    request: TokenRequest,
    options: ExchangeOptions = {}
  ): Effect.Effect<TokenResponse.Judgement> =>
    Spans.withSpan(
      Effect.withFiber(({ context }) => {
        const limit = options.timeLimit ?? Context.get(context, ExchangeLimits).timeLimit
        const { onTokens } = server.dialect
        const judged = Effect.catch(
          attempt(request, limit, Context.get(context, Clock.Clock), options),
          (reason) => Effect.succeed({ _tag: "NotSent", reason } as const)
        )
        return onTokens === undefined
          ? judged
          : Effect.flatMap(judged, (judgement) => follow(judgement, request, onTokens))
      }),
      "TokenEndpoint.exchange",
      { attributes: { "oauth.provider": server.provider, "oauth.grant_type": request.grantType } },
      ({ _tag }) => ({ "oauth.judgement": _tag })
    )

  return TokenEndpoint.of({
    exchange,
    request: (request) =>
      Effect.flatMap(exchange(request), (judgement) =>
        judgement._tag === "Granted"
          ? Effect.succeed(judgement.tokens)
          : Effect.fail(OAuthError.make("TokenEndpoint", "request", judgement.reason)))
  })
})

/**
 * The token endpoint of the authorization server in context.
 *
 * **Details**
 *
 * It is built anew wherever it is provided: two clients in one application, of
 * two servers, never share one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  TokenEndpoint,
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Layer.fresh(/* @__PURE__ */ Layer.effect(TokenEndpoint, make))

// What is there already, as credentials and requests mostly are, takes no step.
const then = <A, E, B, E2>(
  effect: Effect.Effect<A, E>,
  next: (value: A) => Effect.Effect<B, E2>
): Effect.Effect<B, E | E2> => isValue(effect) ? next(effect.value) : Effect.flatMap(effect, next)

type Unsendable = OAuthError.ConfigurationInvalid | OAuthError.KeyUnavailable

// What may help against a refusal: other credentials, or another proof.
type Remedy = "credentials" | "proof"

interface Sent {
  readonly judgement: TokenResponse.Judgement
  readonly remedy: Remedy | undefined
}

const final = (judgement: TokenResponse.Judgement): Sent => ({
  judgement,
  remedy: judgement._tag === "Refused" && judgement.reason.code === "invalid_client" ? "credentials" : undefined
})

const always = () => true
