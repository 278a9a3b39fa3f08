/**
 * The authorization response: what a browser brings back to the redirect URI,
 * judged before any of it is believed (RFC 6749, sections 4.1.2 and 10.12; RFC
 * 9207).
 *
 * It arrives through the hands of the person, of whatever runs in the browser
 * and of whoever makes it send requests. So it is read with care for its shape
 * alone, then compared with the login that was started, and only then read for
 * what it says.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { PendingAuthorization } from "./AuthorizationRequest.ts"
import { without } from "./internal/quotation.ts"
import * as Rfc6749 from "./internal/rfc6749.ts"
import { sameText } from "./internal/text.ts"
import * as OAuthError from "./OAuthError.ts"
import * as RemoteText from "./RemoteText.ts"

/**
 * How a server's answers deviate from the RFCs. {@link rfc6749} deviates in
 * nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rules {
  /** The server's names of parameters, by the RFC's. */
  readonly names: Readonly<Record<string, string>>
  /** Other parameters to keep with the grant. They must not be secret. */
  readonly keep: ReadonlyArray<string>
}

/**
 * The rules of RFC 6749.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Rules = Rfc6749.authorizationResponse

/**
 * An answer as it arrived: well-formed, and not believed in anything.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuthorizationResponse {
  /** By what name to look for the login that was started. */
  readonly state: Redacted.Redacted | undefined
  /** What {@link judge} reads. */
  readonly received: Redacted.Redacted<Received>
}

/**
 * The parts of an answer: its parameters, and the address at which it arrived
 * where that is known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received {
  readonly parameters: ReadonlyMap<string, string>
  /** As it arrived, without the fragment. */
  readonly url?: string | undefined
}

/**
 * An answer that holds: the code, and the other parameters that came with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Authorized {
  readonly code: Redacted.Redacted
  /** What the protocol does not define; some servers name a tenant or a host here. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Reads the address at which the browser arrived, as it was requested.
 *
 * **Gotchas**
 *
 * Behind a proxy put it together from the configured origin and the request's
 * own path and query. `Host` and `X-Forwarded-*` are the sender's words, and
 * the redirect URI is compared with this address.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUrl = (
  url: string,
  rules: Rules = rfc6749
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> => {
  if (url.length > maxLength || !URL.canParse(url)) return rejected("fromUrl", "malformed")
  const hash = url.indexOf("#")
  const arrived = hash === -1 ? url : url.slice(0, hash)
  if (hash !== -1 && inFragment.test(url.slice(hash))) return rejected("fromUrl", "unsupported-response")
  return parse("fromUrl", queryOf(arrived), rules, arrived)
}

/**
 * Reads a query, with or without its question mark, or the body of a
 * `form_post` answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromQuery = (
  text: string,
  rules: Rules = rfc6749
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> =>
  text.length > maxLength ? rejected("fromQuery", "malformed") : parse("fromQuery", text.replace(/^\?/, ""), rules)

/**
 * Judges an answer by the login that was started.
 *
 * **Details**
 *
 * In this order: `state`, compared in constant time; the redirect URI, letter
 * by letter, where the address of arrival is known; `iss`, as a plain string,
 * and required where the server announces it. Only an answer that passes is
 * read: an `error` becomes `AuthorizationRefused`, a `code` is the result.
 *
 * An `iss` that is the issuer's is accepted where the rules call it optional,
 * and rejected where they refuse it: there the server's metadata does not
 * announce it (RFC 9207, section 2.4). One that comes from a server without a
 * known issuer cannot be compared, and is ignored.
 *
 * **Gotchas**
 *
 * The pending authorization must have been taken, so that no second answer can
 * be judged by it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (
  self: AuthorizationResponse,
  pending: PendingAuthorization
): Result.Result<Authorized, OAuthError.OAuthError> => {
  const { parameters, url } = Redacted.value(self.received)
  if (self.state === undefined || !sameText(Redacted.value(self.state), Redacted.value(pending.state))) {
    return rejected("judge", "state-mismatch")
  }
  if (url !== undefined && !arrivedAt(url, pending.redirectUri)) return rejected("judge", "redirect-uri-mismatch")
  const issuer = present(parameters, "iss")
  if (issuer === undefined && pending.issuerParameter === "required") return rejected("judge", "issuer-missing")
  if (issuer !== undefined && pending.issuer !== undefined && issuer !== pending.issuer) {
    return rejected("judge", "issuer-mismatch")
  }
  if (issuer !== undefined && pending.issuerParameter === "refused") return rejected("judge", "issuer-unexpected")

  const error = present(parameters, "error")
  if (error !== undefined) {
    const said = (text: string) => RemoteText.fromUnknown(without(text, Redacted.value(pending.state)))
    const code = said(error)
    if (code === undefined) return rejected("judge", "malformed", "error")
    const description = said(parameters.get("error_description") ?? "")
    return failed("judge", new OAuthError.AuthorizationRefused({ code, description }))
  }
  const code = present(parameters, "code")
  if (code === undefined) return rejected("judge", "code-missing")
  if (!visible.test(code)) return rejected("judge", "malformed", "code")
  const others = [...parameters].filter(([name]) => known(name) === undefined)
  return Result.succeed({ code: Redacted.make(code), parameters: new Map(others) })
}

const maxLength = 65_536

const maxParameters = 100

const parse = (
  method: string,
  query: string,
  rules: Rules,
  url?: string
): Result.Result<AuthorizationResponse, OAuthError.OAuthError> => {
  const pairs = query.split("&", maxParameters + 1)
  if (pairs.length > maxParameters) return rejected(method, "malformed")
  const parameters = new Map<string, string>()
  const names = new Map(Object.entries(rules.names).map(([ours, theirs]) => [theirs, ours]))
  for (const pair of pairs) {
    if (pair === "") continue
    const equals = pair.indexOf("=")
    const written = formDecode(equals === -1 ? pair : pair.slice(0, equals))
    const name = written === undefined ? undefined : names.get(written) ?? written
    const value = equals === -1 ? "" : formDecode(pair.slice(equals + 1))
    if (name === undefined || control.test(name)) return rejected(method, "malformed")
    // the one parameter that is prose: some servers break its lines, and it is cleaned before it is shown
    if (value === undefined || (control.test(value) && name !== "error_description")) {
      return rejected(method, "malformed", known(name))
    }
    // `code[]=` is how some frameworks write a parameter twice
    const plain = name.replace(/\[.*/, "")
    if (parameters.has(name) || (plain !== name && known(plain) !== undefined)) {
      return rejected(method, "duplicate-parameter", known(plain))
    }
    parameters.set(name, value)
  }
  if (unsupported.some((name) => parameters.has(name))) return rejected(method, "unsupported-response")
  const state = present(parameters, "state")
  return Result.succeed({
    state: state === undefined ? undefined : Redacted.make(state),
    received: Redacted.make({ parameters, url })
  })
}

const formDecode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

const queryOf = (url: string): string => {
  const mark = url.indexOf("?")
  return mark === -1 ? "" : url.slice(mark + 1)
}

// RFC 6749, section 3.1: a parameter without a value counts as omitted
const present = (parameters: ReadonlyMap<string, string>, name: string): string | undefined =>
  parameters.get(name) || undefined

const known = (name: string): string | undefined =>
  ["code", "state", "iss", "error", "error_description", "error_uri"].find((known) => known === name)

// tokens that travel through the browser, and answers wrapped in a JWT (JARM)
const unsupported = ["response", "access_token", "id_token"]

const inFragment = /[#&](code|state|error|response|access_token|id_token)=/

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/

// VSCHAR (RFC 6749, appendix A)
const visible = /^[\x20-\x7e]+$/

// what arrived is never normalised; the redirect URI also counts as a browser would write it
const arrivedAt = (url: string, redirectUri: string): boolean =>
  [redirectUri, ...(URL.canParse(redirectUri) ? [new URL(redirectUri).href] : [])].some((expected) =>
    url === expected || url.startsWith(expected + (expected.includes("?") ? "&" : "?"))
  )

const rejected = (method: string, problem: OAuthError.CallbackRejected["problem"], parameter?: string) =>
  failed(method, new OAuthError.CallbackRejected({ problem, parameter }))

const failed = (
  method: string,
  reason: OAuthError.OAuthErrorReason
): Result.Result<never, OAuthError.OAuthError> => Result.fail(OAuthError.make("AuthorizationResponse", method, reason))
