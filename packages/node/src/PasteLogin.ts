/**
 * Receives the answer to a login from the person, who pastes the address at
 * which the browser ended: for servers that accept no loopback redirect, and for
 * a terminal on another machine than the browser.
 *
 * @since 0.1.0
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { carries } from "./internal/state.ts"

/**
 * What a paste is read by.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E = never, R = never> {
  /** The redirect URI of the login. */
  readonly redirectUri: string
  /** The `state` of the login. */
  readonly state: Redacted.Redacted
  /**
   * Reads what the person pastes. It is handed why the paste before did not do,
   * in words for the person; nothing the first time.
   */
  readonly readLine: (rejected: OAuthError.OAuthError | undefined) => Effect.Effect<string, E, R>
}

/**
 * The address, or the query, that the person pasted. It has not been judged
 * otherwise than by its `state`: give it to `Login.complete`.
 *
 * **Details**
 *
 * Quotes and brackets around it, white space and line breaks within it, a
 * missing scheme and `&amp;` do no harm. What is not the answer to this login is
 * asked for again, three times in all; then it fails with `ConfigurationInvalid`,
 * which says what to paste and does not repeat what was pasted.
 *
 * **Example** (A login by paste)
 *
 * ```ts
 * import { Login } from "@effect-oauth/core"
 * import { PasteLogin } from "@effect-oauth/node"
 * import { Console, Effect, Terminal } from "effect"
 *
 * export const login = Effect.gen(function*() {
 *   const login = yield* Login.Login
 *   const terminal = yield* Terminal.Terminal
 *   const redirectUri = "https://localhost/callback"
 *
 *   const { state, url } = yield* login.begin({ account: "default", redirectUri, scopes: ["openid"] })
 *   yield* Console.error(`Log in at ${url}\nand paste the address at which you end:`)
 *   const answer = yield* PasteLogin.callback({
 *     redirectUri,
 *     state,
 *     readLine: (rejected) =>
 *       Effect.andThen(rejected === undefined ? Effect.void : Console.error(rejected.message), terminal.readLine)
 *   })
 *   return yield* login.complete(answer)
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const callback = <E = never, R = never>(
  options: Options<E, R>
): Effect.Effect<string, E | OAuthError.OAuthError, R> => {
  const ask = (
    attempts: number,
    rejected?: OAuthError.OAuthError
  ): Effect.Effect<string, E | OAuthError.OAuthError, R> =>
    Effect.flatMap(options.readLine(rejected), (pasted) =>
      Result.match(read(pasted, options), {
        onSuccess: Effect.succeed,
        onFailure: (rejected) => attempts === 1 ? Effect.fail(rejected) : ask(attempts - 1, rejected)
      }))
  return Effect.withSpan(ask(3), "PasteLogin.callback")
}

type Expected = Pick<Options, "redirectUri" | "state">

const read = (pasted: string, { redirectUri, state }: Expected): Result.Result<string, OAuthError.OAuthError> => {
  const text = withScheme(clean(pasted), redirectUri)
  const rejected = (problem: string) => reject(problem, redirectUri)
  if (text === "") return rejected("nothing was pasted")

  const mark = text.indexOf("?")
  const isAddress = /^[a-z][\w+.-]*:\/\//i.test(text)
  const query = isAddress ? mark === -1 ? "" : text.slice(mark) : text
  const names = new Set(new URLSearchParams(query).keys())
  if (names.has("response_type") || names.has("code_challenge")) {
    return rejected("this is the address at which the login starts; open it in a browser, log in, and come back")
  }
  if (isAddress && !isAt(text, redirectUri)) return rejected("this is another address")
  const isSigned = names.has("response")
  if (!names.has("code") && !names.has("error") && !isSigned) {
    return rejected("this is only a part of it, or not an answer")
  }
  if (!names.has("state") && !isSigned) return rejected("its end is missing")
  if (!carries(query, state)) return rejected("this is the answer to another login, an earlier one perhaps")
  return Result.succeed(text)
}

// what terminals, chats and mail programs add to an address
const clean = (pasted: string): string => unwrap(pasted.replace(/[\s\p{Cc}\p{Cf}]+/gu, "")).replaceAll("&amp;", "&")

// an address may end with ' ) ] or }, so these go only where something was opened
const unwrap = (text: string): string => {
  const opened = text.replace(/^["'`<([{«“”‘’„‚]+/u, "")
  return opened.replace(opened === text ? /["`>»“”’]+$/u : /["'`>)\]}»“”‘’]+$/u, "")
}

// some browsers show, and some people type, an address without it
const withScheme = (text: string, redirectUri: string): string => {
  const [scheme = ""] = /^[a-z][\w+.-]*:\/\//i.exec(redirectUri) ?? []
  return scheme !== "" && text.startsWith(redirectUri.slice(scheme.length)) ? scheme + text : text
}

const isAt = (text: string, redirectUri: string): boolean =>
  [redirectUri, URL.canParse(redirectUri) ? new URL(redirectUri).href : redirectUri].some((expected) =>
    text.startsWith(expected + (expected.includes("?") ? "&" : "?"))
  )

const reject = (problem: string, redirectUri: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(
    OAuthError.make(
      "PasteLogin",
      "callback",
      new OAuthError.ConfigurationInvalid({
        field: "pasted address",
        problem:
          `${problem}. Paste the whole address that the browser shows when it has left the login: it begins with ` +
          `${redirectUri} and holds "state="`
      })
    )
  )
