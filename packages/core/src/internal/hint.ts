/**
 * ID tokens as hints, in addresses that a browser visits.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { ConfigurationInvalid } from "../OAuthError.ts"

/** The text of an ID token, where it can be a hint: signed, and not encrypted for somebody else. */
export const hintOf = (idToken: Redacted.Redacted): Result.Result<string, ConfigurationInvalid> => {
  const text = Redacted.value(idToken)
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return Result.succeed(text)
  const problem = text.split(".").length === 5
    ? "is encrypted; give the signed token that is inside"
    : "is no signed ID token"
  return Result.fail(new ConfigurationInvalid({ field: "idTokenHint", problem }))
}
