/**
 * The parameters of a backchannel authentication request (OpenID Connect CIBA, section 7.1).
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Options } from "../BackchannelAuthentication.ts"
import { ConfigurationInvalid } from "../OAuthError.ts"
import * as Scopes from "../Scopes.ts"
import type { Parameters } from "../TokenRequest.ts"

/** The parameters that options stand for. */
export const of = (options: Options): Result.Result<Parameters, ConfigurationInvalid> => {
  const { acrValues = [], bindingMessage, scopes, userCode } = options
  const hints = ([
    ["login_hint", options.loginHint],
    ["login_hint_token", options.loginHintToken],
    ["id_token_hint", options.idTokenHint]
  ] as const).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  const empty = hints.some(([, value]) => (Redacted.isRedacted(value) ? Redacted.value(value) : value) === "")
  if (hints.length !== 1 || empty) {
    return invalid("loginHint", "must say who is meant, in one way; name one of loginHint, loginHintToken, idTokenHint")
  }
  if (!scopes.includes("openid")) return invalid("scopes", "must hold openid")
  if (!scopes.every(Scopes.isScopeToken)) {
    return invalid("scopes", "holds a scope that is not printable ASCII without space, \" and \\")
  }
  if (bindingMessage !== undefined && !/^[\x20-\x7e]{1,64}$/.test(bindingMessage)) {
    return invalid("bindingMessage", "must be 1 to 64 printable characters of ASCII, which every device can show")
  }
  if (acrValues.some((value) => value === "" || /\s/.test(value))) {
    return invalid("acrValues", "holds a value that is empty or has a space in it")
  }
  const expiry = options.requestedExpiry === undefined
    ? undefined
    : Duration.toSeconds(Duration.fromInputUnsafe(options.requestedExpiry))
  if (expiry !== undefined && !(Number.isInteger(expiry) && expiry >= 1 && expiry <= longest)) {
    return invalid("requestedExpiry", "must be whole seconds, and an hour at most")
  }
  const clash = Object.keys(options.parameters ?? {}).find((name) => reserved.has(name))
  if (clash !== undefined) return invalid("parameters", `must not name ${clash}, which the protocol sends`)
  return Result.succeed([
    ["scope", scopes.join(" ")],
    ...hints,
    ...(bindingMessage === undefined ? [] : [["binding_message", bindingMessage] as const]),
    ...(userCode === undefined ? [] : [["user_code", userCode] as const]),
    ...(expiry === undefined ? [] : [["requested_expiry", String(expiry)] as const]),
    ...(acrValues.length === 0 ? [] : [["acr_values", acrValues.join(" ")] as const]),
    ...Object.entries(options.parameters ?? {})
  ])
}

const reserved: ReadonlySet<string> = new Set([
  "scope",
  "login_hint",
  "login_hint_token",
  "id_token_hint",
  "binding_message",
  "user_code",
  "requested_expiry",
  "acr_values",
  "client_notification_token",
  "request",
  "request_uri",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type"
])

// nobody looks at a question that was asked an hour ago
const longest = 3600

const invalid = (field: string, problem: string): Result.Result<never, ConfigurationInvalid> =>
  Result.fail(new ConfigurationInvalid({ field, problem }))
