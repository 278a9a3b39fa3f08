/**
 * The `state` of a query, compared in constant time.
 */
import * as Mac from "effect/crypto/Mac"
import * as Redacted from "effect/Redacted"

/** Whether a query holds exactly one `state`, and it is the expected one. */
export const carries = (query: string, expected: Redacted.Redacted): boolean => {
  const [state, another] = new URLSearchParams(query).getAll("state")
  if (state === undefined || another !== undefined) return false
  const encoder = new TextEncoder()
  return Mac.timingSafeEqual(encoder.encode(state), encoder.encode(Redacted.value(expected)))
}
