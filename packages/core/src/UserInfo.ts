/**
 * Who a grant stands for, as the UserInfo endpoint tells it (OpenID Connect Core,
 * section 5.3).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { JsonObject } from "effect/Schema"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as Challenge from "./Challenge.ts"
import * as Exchange from "./internal/exchange.ts"
import { isJson, member, parseObject } from "./internal/json.ts"
import { JwtVerifier } from "./JwtVerifier.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as RemoteText from "./RemoteText.ts"
import * as TokenResponse from "./TokenResponse.ts"
import type { TokenSource } from "./TokenSource.ts"

/**
 * What the server tells of a person.
 *
 * @category models
 * @since 0.1.0
 */
export interface UserInfo {
  readonly subject: string
  /** Every claim, `sub` included; `Identity.claim` reads them. They are private to the person: keep what is needed. */
  readonly claims: Redacted.Redacted<JsonObject>
}

/**
 * Asks the server in context about the person that a token stands for: the
 * `subject` of the verified ID token.
 *
 * **Details**
 *
 * A GET with the token in its header. Where the token is refused, another one is
 * asked for once. An answer about anybody else is not used in any part. One that
 * is signed takes a `JwtVerifier` in context.
 *
 * @category getters
 * @since 0.1.0
 */
export const get: (
  source: TokenSource,
  subject: string
) => Effect.Effect<UserInfo, OAuthError.OAuthError, AuthorizationServer | OAuthHttpClient> = Effect.fn("UserInfo.get")(
  function*(source, subject) {
    const client = yield* OAuthHttpClient
    const server = yield* AuthorizationServer
    const verifier = Option.getOrUndefined(yield* Effect.serviceOption(JwtVerifier))
    const url = server.userinfoEndpoint
    yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
    if (url === undefined) {
      const problem = "is missing; this server has none"
      return yield* fail(new OAuthError.ConfigurationInvalid({ field: "userinfoEndpoint", problem }))
    }
    const request = HttpClientRequest.get(url, { headers: { accept: "application/json, application/jwt" } })

    const ask = Effect.fnUntraced(function*(
      tried: ReadonlySet<Challenge.Meaning["_tag"]>
    ): Effect.fn.Return<TokenResponse.Answer, OAuthError.OAuthError> {
      const authorized = yield* source.authorize(request)
      const outcome = yield* Exchange.once(client, authorized.request, { field: "userinfoEndpoint" })
      if (outcome._tag !== "Answer") return yield* fail(outcome.reason)
      const { answer } = outcome
      const meaning = Challenge.meaning(answer)
      const error = meaning._tag === "prove" ? meaning.error : undefined
      const mayProve = authorized.answered?.({ headers: answer.headers, error }) === true
      if (tried.has(meaning._tag)) return answer
      const next = new Set([...tried, meaning._tag])
      if (meaning._tag === "prove" && mayProve) return yield* ask(next)
      if (meaning._tag !== "renew") return answer
      const token = yield* source.refused(authorized.token)
      return Redacted.value(token.value) === Redacted.value(authorized.token.value) ? answer : yield* ask(next)
    })

    const answer = yield* ask(new Set())
    const claims = yield* claimsOf(answer, verifier)
    // code point by code point: a name that only looks the same is another's (OpenID Connect Core, section 14)
    if (member(claims, "sub") !== subject) {
      const problem = member(claims, "sub") === undefined ? "missing" : "mismatch"
      return yield* fail(new OAuthError.ResponseInvalid({ problem, field: "sub", status: answer.status }))
    }
    return { subject, claims: Redacted.make(claims) }
  }
)

const claimsOf = Effect.fnUntraced(function*(
  answer: TokenResponse.Answer,
  verifier: JwtVerifier["Service"] | undefined
): Effect.fn.Return<JsonObject, OAuthError.OAuthError> {
  const { headers, status } = answer
  const invalid = (problem: OAuthError.ResponseInvalid["problem"]) =>
    fail(new OAuthError.ResponseInvalid({ problem, status }))
  if (status !== 200) return yield* fail(refusal(answer))
  const contentType = headers["content-type"]
  if (verifier !== undefined && /^\s*application\/jwt\s*(?:;|$)/i.test(contentType ?? "")) {
    return yield* verifier.userInfo(Redacted.make(new TextDecoder().decode(answer.body).trim()))
  }
  if (!isJson(contentType)) return yield* invalid("content-type")
  const parsed = parseObject(answer.body)
  return typeof parsed === "string" ? yield* invalid(parsed) : parsed
})

const refusal = (answer: TokenResponse.Answer): OAuthError.OAuthErrorReason => {
  const { headers, status, unquoted = (text) => text } = answer
  const { challenges } = Challenge.parse(unquoted(headers["www-authenticate"] ?? ""))
  const said = challenges.map(Challenge.said).find(({ error }) => error !== undefined)
  const code = said?.error ?? (status === 401 ? RemoteText.fromUnknown("invalid_token") : undefined)
  if (code !== undefined) return new OAuthError.RequestRefused({ code, description: said?.description, status })
  const judgement = TokenResponse.judge(answer)
  return judgement._tag === "Granted"
    ? new OAuthError.ResponseInvalid({ problem: "status", status })
    : judgement.reason
}

const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("UserInfo", "get", reason))
