/**
 * What an API says about a request that it does not serve: the challenges of
 * `WWW-Authenticate` (RFC 9110, section 11.6.1), with the words of RFC 6750
 * (section 3), RFC 9449 (section 7.1), RFC 9470 and RFC 9728 (section 5.1) in
 * them.
 *
 * Whatever the header holds, reading it takes time in proportion to its length
 * and never fails.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { AccessInsufficient } from "./OAuthError.ts"
import * as RemoteText from "./RemoteText.ts"
import * as Scopes from "./Scopes.ts"

/**
 * One challenge.
 *
 * @category models
 * @since 0.1.0
 */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** What stands in the place of parameters in some schemes. */
  readonly token68?: string | undefined
  /** Names in lower case. Of two parameters of one name the first counts. */
  readonly parameters: ReadonlyMap<string, string>
  /** A parameter comes twice: what the challenge means cannot be told (RFC 6750, section 3). */
  readonly isAmbiguous: boolean
}

/**
 * What was read: the challenges, and what was wrong with the rest.
 *
 * - `syntax`: something is not as the grammar has it, a comma that is missing
 *   for example; what could be told is among the challenges.
 * - `unterminated`: a quotation mark is missing; the challenge that it belongs
 *   to is not among them.
 * - `too-long`: more than {@link maxLength} characters, of which none was read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parsed {
  readonly challenges: ReadonlyArray<Challenge>
  readonly problem?: "syntax" | "unterminated" | "too-long" | undefined
}

/**
 * The longest header that is read.
 *
 * @category models
 * @since 0.1.0
 */
export const maxLength = 32_768

/**
 * What a challenge says to a client of OAuth. Members that the challenge does
 * not have, or that are not as their grammar has them, are absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Said {
  /** The code: `invalid_token`, `insufficient_scope`, `use_dpop_nonce`. */
  readonly error?: RemoteText.RemoteText | undefined
  readonly description?: RemoteText.RemoteText | undefined
  /** What would be enough (RFC 6750, section 3). */
  readonly scopes?: Scopes.Scopes | undefined
  /** Where the API describes itself (RFC 9728, section 5.1); not checked in any way. */
  readonly resourceMetadata?: string | undefined
  /** How the person must have signed in, most wanted first (RFC 9470, section 3). */
  readonly acrValues?: ReadonlyArray<string> | undefined
  /** How long ago the person may have signed in (RFC 9470, section 3). */
  readonly maxAge?: Duration.Duration | undefined
  /** The algorithms of proofs (RFC 9449, section 7.1). */
  readonly algorithms?: ReadonlyArray<string> | undefined
}

/**
 * What an answer with this status means for the token that the request carried.
 *
 * - `renew`: the token is not accepted; another one may be.
 * - `prove`: the proof is not accepted; another one may be (RFC 9449, section 9).
 * - `insufficient`: the token is good and not enough, and no renewal changes
 *   that (RFC 6750, section 3.1; RFC 9470, section 3).
 * - `answer`: it is the API's answer and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export type Meaning =
  | { readonly _tag: "renew" }
  | { readonly _tag: "prove"; readonly error: "use_dpop_nonce" | "invalid_dpop_proof" }
  | { readonly _tag: "insufficient"; readonly error: AccessInsufficient["error"]; readonly said: Said }
  | { readonly _tag: "answer" }

/**
 * The challenges of an answer. Several headers of the name count as one, joined
 * by commas.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHeaders = (headers: Readonly<Record<string, string | undefined>>): Parsed =>
  parse(headers["www-authenticate"] ?? "")

/**
 * Reads challenges, in one pass.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string): Parsed => {
  if (text.length > maxLength) return { challenges: [], problem: "too-long" }
  const challenges: Array<Challenge> = []
  let problem: Parsed["problem"]
  let current: Open | undefined
  // whether a comma stands before what comes next
  let isApart = true
  let at = 0

  const skip = (isSkipped: (code: number) => boolean): number => {
    const from = at
    while (at < text.length && isSkipped(text.charCodeAt(at))) at++
    return at - from
  }
  const token = (): string => text.slice(at, at + skip(isTokenCharacter))
  const close = (): void => {
    if (current !== undefined) {
      const { isAmbiguous, parameters, scheme, token68 } = current
      challenges.push(
        token68 === undefined ? { scheme, parameters, isAmbiguous } : { scheme, parameters, isAmbiguous, token68 }
      )
    }
    current = undefined
  }

  while (at < text.length) {
    // empty elements of a list mean nothing
    const from = at
    if (skip(isSeparator) > 0) {
      if (text.slice(from, at).includes(",")) isApart = true
      continue
    }
    const name = token()
    if (name === "") {
      // not the beginning of anything: passed over, up to where something may begin
      problem ??= "syntax"
      at++
      skip((code) => code !== comma)
      continue
    }
    const gap = skip(isSpace)
    if (text.charCodeAt(at) === equals) {
      at++
      skip(isSpace)
      const value = text.charCodeAt(at) === quote ? quoted() : token()
      if (value === undefined) return { challenges, problem: "unterminated" }
      if (
        current === undefined || current.token68 !== undefined || (value === "" && text.charCodeAt(at - 1) !== quote)
      ) {
        problem ??= "syntax"
      } else {
        // parameters follow their scheme after a space, and after a comma only one another
        if (current.isBare) problem ??= "syntax"
        set(current, name.toLowerCase(), value)
      }
      isApart = false
    } else if (gap === 0 && at < text.length && text.charCodeAt(at) !== comma) {
      // a name that runs into something else
      problem ??= "syntax"
      close()
      skip((code) => code !== comma)
      continue
    } else {
      close()
      if (!isApart) problem ??= "syntax"
      isApart = false
      current = open(name, gap === 0)
      const beyond = gap === 0 ? undefined : token68()
      if (beyond !== undefined) current.token68 = beyond
      else continue
    }
    // after a value comes a comma or the end; many forget the comma
    skip(isSpace)
    if (at < text.length && text.charCodeAt(at) !== comma) problem ??= "syntax"
  }
  close()
  return problem === undefined ? { challenges } : { challenges, problem }

  function quoted(): string | undefined {
    let value = ""
    let from = ++at
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === backslash) {
        value += text.slice(from, at)
        from = ++at
      } else if (code === quote) {
        value += text.slice(from, at++)
        return value
      }
    }
    return undefined
  }

  // a run of its characters that ends with the element; else the run is the name of a parameter, or of a scheme
  function token68(): string | undefined {
    const from = at
    const length = skip(isToken68Character)
    skip((code) => code === equals)
    const to = at
    skip(isSpace)
    if (length > 0 && (at === text.length || text.charCodeAt(at) === comma)) return text.slice(from, to)
    at = from
    return undefined
  }
}

/**
 * What a challenge says to a client of OAuth.
 *
 * @category getters
 * @since 0.1.0
 */
export const said = ({ parameters }: Challenge): Said => {
  const scope = parameters.get("scope")
  const scopes = scope === undefined ? undefined : Scopes.fromString(scope)
  const maxAge = parameters.get("max_age")
  return {
    error: RemoteText.fromUnknown(parameters.get("error")),
    description: RemoteText.fromUnknown(parameters.get("error_description")),
    scopes: scopes?.every(Scopes.isScopeToken) === true ? scopes : undefined,
    resourceMetadata: parameters.get("resource_metadata"),
    acrValues: words(parameters.get("acr_values")),
    maxAge: maxAge !== undefined && /^\d{1,9}$/.test(maxAge) ? Duration.seconds(Number(maxAge)) : undefined,
    algorithms: words(parameters.get("algs"))
  }
}

/**
 * The first challenge of a scheme, its name in lower case.
 *
 * @category getters
 * @since 0.1.0
 */
export const ofScheme = (self: Parsed, scheme: string): Challenge | undefined =>
  self.challenges.find((challenge) => challenge.scheme === scheme)

/**
 * Where an API describes itself, by the challenge of any scheme (RFC 9728,
 * section 5.1). The address is not checked in any way.
 *
 * @category getters
 * @since 0.1.0
 */
export const resourceMetadata = (self: Parsed): string | undefined => {
  for (const { isAmbiguous, parameters } of self.challenges) {
    const address = isAmbiguous ? undefined : parameters.get("resource_metadata")
    if (address !== undefined) return address
  }
  return undefined
}

/**
 * Tells what an answer means. A 401 without a challenge that can be read is
 * about the token; one whose challenge is ambiguous is not acted on (RFC 6750,
 * section 3).
 *
 * @category getters
 * @since 0.1.0
 */
export const meaning = (
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>> }
): Meaning => {
  const { status } = answer
  if (status < 400 || status >= 500) return { _tag: "answer" }
  const { challenges } = fromHeaders(answer.headers)
  const ours = challenges.filter(({ scheme }) => scheme === "bearer" || scheme === "dpop")
  const clear = ours.filter(({ isAmbiguous }) => !isAmbiguous)
  for (const challenge of clear) {
    const read = said(challenge)
    const error: string | undefined = read.error
    switch (error) {
      case "use_dpop_nonce":
      case "invalid_dpop_proof":
        if (challenge.scheme === "dpop") return { _tag: "prove", error }
        break
      case "insufficient_scope":
      case "insufficient_user_authentication":
        return { _tag: "insufficient", error, said: read }
      case undefined:
      case "invalid_token":
        break
      default:
        return { _tag: "answer" }
    }
  }
  return status === 401 && (ours.length === 0 || clear.length > 0) ? { _tag: "renew" } : { _tag: "answer" }
}

interface Open {
  readonly scheme: string
  readonly isBare: boolean
  token68: string | undefined
  readonly parameters: Map<string, string>
  isAmbiguous: boolean
}

const open = (name: string, isBare: boolean): Open => ({
  scheme: name.toLowerCase(),
  isBare,
  token68: undefined,
  parameters: new Map(),
  isAmbiguous: false
})

const set = (challenge: Open, name: string, value: string): void => {
  if (challenge.parameters.has(name)) challenge.isAmbiguous = true
  else challenge.parameters.set(name, value)
}

const words = (text: string | undefined): ReadonlyArray<string> | undefined => {
  const all = text?.split(" ").filter((word) => word !== "")
  return all === undefined || all.length === 0 ? undefined : all
}

const comma = 0x2c
const equals = 0x3d
const quote = 0x22
const backslash = 0x5c

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

const isSeparator = (code: number): boolean => code === comma || isSpace(code)

const isAlphanumeric = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)

const among = (characters: string): (code: number) => boolean => {
  const codes = new Set(Array.from(characters, (character) => character.charCodeAt(0)))
  return (code) => isAlphanumeric(code) || codes.has(code)
}

const isTokenCharacter = among("!#$%&'*+-.^_`|~")

const isToken68Character = among("-._~+/")
