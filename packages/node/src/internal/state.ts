/**
 * The `state` of a query, compared in constant time; that of a signed answer (JARM) as it shows it.
 */
import * as AuthorizationResponse from "@effect-oauth/core/AuthorizationResponse"
import * as Mac from "effect/crypto/Mac"
import * as Redacted from "effect/Redacted"

/** Whether a query holds exactly one `state`, and it is the expected one. */
export const carries = (query: string, expected: Redacted.Redacted): boolean => {
  const [plain, another] = new URLSearchParams(query).getAll("state")
  const shown = plain === undefined ? AuthorizationResponse.shownState(query) : undefined
  const state = shown === undefined ? plain : Redacted.value(shown)
  if (state === undefined || another !== undefined) return false
  const encoder = new TextEncoder()
  return Mac.timingSafeEqual(encoder.encode(state), encoder.encode(Redacted.value(expected)))
}
