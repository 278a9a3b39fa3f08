/**
 * The `Retry-After` header (RFC 9110, section 10.2.3).
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"

/**
 * The longest wait that a server is granted, unless a policy grants less: a day.
 *
 * @category models
 * @since 0.1.0
 */
export const cap: Duration.Duration = Duration.days(1)

/**
 * How long an answer asks to wait, between zero and `cap`; `undefined` when it
 * does not say, or says nothing that the header's grammar allows.
 *
 * **Details**
 *
 * A date is measured from the answer's own `Date`, so that a difference between
 * the clocks does not matter, else from `now` (epoch milliseconds). A date in
 * the past is a wait of zero.
 *
 * @category getters
 * @since 0.1.0
 */
export const fromHeaders = (
  headers: Readonly<Record<string, string | undefined>>,
  options: { readonly now: number; readonly cap?: Duration.Duration | undefined }
): Duration.Duration | undefined => {
  const limit = options.cap ?? cap
  const text = headers["retry-after"]?.trim()
  if (text === undefined) return undefined
  // centuries: not worth counting
  if (/^\d{10,}$/.test(text)) return limit
  const wait = Headers.parseRetryAfter(text)
  return Result.isFailure(wait)
    ? undefined
    : Duration.min(Headers.retryAfterDelay(wait.success, sentDate(headers["date"]) ?? options.now), limit)
}

const sentDate = (date: string | undefined): number | undefined => {
  const parsed = date === undefined ? undefined : Headers.parseHttpDate(date)
  return parsed === undefined || Result.isFailure(parsed) ? undefined : DateTime.toEpochMillis(parsed.success)
}
