/**
 * A token endpoint without an HTTP client: half of the time of a run would go
 * into forms, headers and streams, which have tests of their own. What comes
 * back is judged by the library.
 */
import { OAuthError, TokenEndpoint, TokenResponse } from "@effect-oauth/core"
import type { TestHttp } from "@effect-oauth/core/testing"
import { Duration, Effect, Redacted } from "effect"

/** Makes one whose requests are answered by a function. */
export const make = (options: {
  readonly url: string
  readonly clientId: string
  readonly send: (request: TestHttp.Request) => Effect.Effect<TestHttp.Answer, TestHttp.ConnectionFailed>
}): TokenEndpoint.TokenEndpoint["Service"] => {
  const { clientId, send, url } = options
  const { origin } = new URL(url)
  const lost = (problem: OAuthError.AnswerLost["problem"]): TokenResponse.Judgement => ({
    _tag: "Ambiguous",
    reason: new OAuthError.AnswerLost({ problem, origin })
  })
  const notSent = (problem: OAuthError.RequestNotSent["problem"]): TokenResponse.Judgement => ({
    _tag: "NotSent",
    reason: new OAuthError.RequestNotSent({ problem, origin })
  })

  const arrived = (answer: TestHttp.Answer, sentAt: number): Effect.Effect<TokenResponse.Judgement> => {
    const isWhole = answer.ending === undefined || answer.ending === "complete"
    if (!isWhole && answer.status < 300) {
      return answer.ending === "silence" ? Effect.never : Effect.succeed(lost("truncated"))
    }
    const body = typeof answer.body === "string" ? encoder.encode(answer.body) : answer.body
    const { headers, status } = answer
    return Effect.succeed(
      TokenResponse.judge({ origin, status, headers, body: isWhole ? body : new Uint8Array(0), sentAt })
    )
  }

  return TokenEndpoint.TokenEndpoint.of({
    exchange: (request, { maySend = () => true, timeLimit = Duration.seconds(30) } = {}) =>
      Effect.clockWith((clock) => {
        if (!maySend()) return Effect.succeed(notSent("lease-lost"))
        const sentAt = clock.currentTimeMillisUnsafe()
        const parameters: Record<string, string> = { grant_type: request.grantType, client_id: clientId }
        for (const [name, value] of request.parameters) {
          parameters[name] = Redacted.isRedacted(value) ? Redacted.value(value) : value
        }
        return send({ method: "POST", url, headers, parameters, body: new URLSearchParams(parameters).toString() })
          .pipe(
            Effect.matchEffect({
              onSuccess: (answer) => arrived(answer, sentAt),
              onFailure: ({ code }) => {
                const phase = phases.get(code)
                return Effect.succeed(phase === undefined ? lost("reset") : notSent(phase))
              }
            }),
            // as in the library: whoever is woken looks first whether an answer came meanwhile
            Effect.raceFirst(
              Effect.sleep(timeLimit).pipe(Effect.andThen(Effect.sleep(0)), Effect.map(() => lost("timeout")))
            )
          )
      }),
    request: () => Effect.die(new Error("nobody logs in by this endpoint"))
  })
}

// the faults of a connection that never came to be
const phases: ReadonlyMap<string, OAuthError.RequestNotSent["problem"]> = new Map([
  ["ENOTFOUND", "dns"],
  ["ECONNREFUSED", "connect"],
  ["UND_ERR_CONNECT_TIMEOUT", "connect"],
  ["CERT_HAS_EXPIRED", "tls"]
])

const headers = { "content-type": "application/x-www-form-urlencoded" }

const encoder = new TextEncoder()
