/**
 * Asking for tokens until a person has decided (RFC 8628, sections 3.4 and 3.5; OpenID Connect CIBA, sections 10.1 and
 * 11). One question at a time: the next waits for the answer to the last.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as OAuthError from "../OAuthError.ts"
import type { RemoteText } from "../RemoteText.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import type { TokenRequest } from "../TokenRequest.ts"
import type { TokenSet } from "../TokenSet.ts"

/** What is asked for, and until when. */
export interface Waiting {
  readonly request: TokenRequest
  readonly expiresAt: DateTime.Utc
  /** How long to wait before asking, every time. */
  readonly interval: Duration.Duration
  /** Whether the first question waits too, as it does by itself. */
  readonly first?: "after-interval" | "at-once" | undefined
}

/** Asks until there are tokens, the server refuses, or time runs out. */
export const poll = Effect.fnUntraced(function*(
  endpoint: TokenEndpoint["Service"],
  { expiresAt, first, interval: told, request }: Waiting
): Effect.fn.Return<TokenSet, OAuthError.OAuthErrorReason> {
  let interval = told
  let pause = first === "at-once" ? Duration.zero : interval
  let waited = Duration.zero
  let demanded = false
  let answerLost: true | undefined
  // not sooner than before, and not so late that a short outage costs the login
  const backOff = (): Duration.Duration =>
    Duration.max(Duration.min(Duration.times(pause, 2), longestPause), Duration.max(pause, interval))
  while (true) {
    const left = Duration.millis(DateTime.toEpochMillis(expiresAt) - (yield* Clock.currentTimeMillis))
    const last = Duration.subtract(left, Duration.seconds(1))
    if (!Duration.isLessThan(pause, left)) {
      // backing off is our own wish; the last chance is not given away for it
      if (Duration.isLessThan(last, Duration.max(waited, interval)) || demanded) {
        yield* Effect.sleep(Duration.max(left, Duration.zero))
        return yield* new OAuthError.AuthorizationRefused({ code: expired, answerLost })
      }
      pause = last
    }
    yield* Effect.sleep(pause)
    waited = pause
    demanded = false
    const judgement = yield* endpoint.exchange(request)
    switch (judgement._tag) {
      case "Granted":
        return judgement.tokens
      case "Unusable":
        return yield* judgement.reason
      case "Refused": {
        const { code, description } = judgement.reason
        if (code === "access_denied") return yield* new OAuthError.AuthorizationRefused({ code, description })
        if (code === "expired_token" || (answerLost && code === "invalid_grant")) {
          return yield* new OAuthError.AuthorizationRefused({ code, description, answerLost })
        }
        if (code !== "authorization_pending" && code !== "slow_down") return yield* judgement.reason
        answerLost = undefined
        if (code === "slow_down") interval = Duration.sum(interval, Duration.seconds(5))
        pause = interval
        break
      }
      case "NotSent":
        if (judgement.reason._tag !== "RequestNotSent") return yield* judgement.reason
        pause = backOff()
        break
      case "NotProcessed": {
        const { retryAfter = Duration.zero } = judgement.reason
        const own = backOff()
        demanded = Duration.isLessThan(own, retryAfter)
        pause = Duration.max(own, retryAfter)
        break
      }
      case "Ambiguous":
        if (judgement.reason._tag === "RedirectRefused") return yield* judgement.reason
        answerLost = true
        pause = backOff()
        break
    }
  }
})

// the word that the server would say
const expired = "expired_token" as RemoteText

const longestPause = Duration.minutes(2)
