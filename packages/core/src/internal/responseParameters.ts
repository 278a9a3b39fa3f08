/**
 * The parameters of an authorization response as they are written: which are known, which may not come, and none twice
 * (RFC 6749, section 3.1).
 */
import * as Result from "effect/Result"
import type { Rules } from "../AuthorizationResponse.ts"
import type { CallbackRejected } from "../OAuthError.ts"

/** Why parameters are not an answer, and which of them. */
export interface Rejection {
  readonly problem: CallbackRejected["problem"]
  readonly parameter?: string | undefined
}

/** Reads a query by the server's names of parameters. */
export const parse = (
  query: string,
  rules: Rules
): Result.Result<ReadonlyMap<string, string>, Rejection> => {
  const rejected = (problem: Rejection["problem"], parameter?: string) => Result.fail({ problem, parameter })
  const pairs = query.split("&", maxParameters + 1)
  if (pairs.length > maxParameters) return rejected("malformed")
  const parameters = new Map<string, string>()
  const names = new Map(Object.entries(rules.names).map(([ours, theirs]) => [theirs, ours]))
  for (const pair of pairs) {
    if (pair === "") continue
    const equals = pair.indexOf("=")
    const written = formDecode(equals === -1 ? pair : pair.slice(0, equals))
    const name = written === undefined ? undefined : names.get(written) ?? written
    const value = equals === -1 ? "" : formDecode(pair.slice(equals + 1))
    if (name === undefined || control.test(name)) return rejected("malformed")
    if (value === undefined || !isClean(name, value)) return rejected("malformed", known(name))
    // `code[]=` is how some frameworks write a parameter twice
    const plain = name.replace(/\[.*/, "")
    if (parameters.has(name) || (plain !== name && known(plain) !== undefined)) {
      return rejected("duplicate-parameter", known(plain))
    }
    parameters.set(name, value)
  }
  return unsupported.some((name) => parameters.has(name))
    ? rejected("unsupported-response")
    : Result.succeed(parameters)
}

/** The value of a parameter; one without a value counts as omitted (RFC 6749, section 3.1). */
export const present = (parameters: ReadonlyMap<string, string>, name: string): string | undefined =>
  parameters.get(name) || undefined

/** The name of a parameter, where the protocol defines it. */
export const known = (name: string): string | undefined =>
  ["code", "state", "iss", "error", "error_description", "error_uri"].find((known) => known === name)

/**
 * Whether a value is free of control characters. The one parameter that is prose may have them: some servers break its
 * lines, and it is cleaned before it is shown.
 */
export const isClean = (name: string, value: string): boolean => name === "error_description" || !control.test(value)

const maxParameters = 100

const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

// tokens that travel through the browser
const unsupported = ["access_token", "id_token"]

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/
