/**
 * The grammar of `WWW-Authenticate` (RFC 9110, section 11.6.1), read in one pass, whatever stands there: in time in
 * proportion to its length, and without failing.
 */
import type { Challenge, Parsed } from "../Challenge.ts"

/** The longest header that is read. */
export const maxLength = 32_768

/** Reads challenges. */
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
