/**
 * Reading a header field, a query or a name takes time in proportion to its length. Times are compared with one another,
 * never with a clock: eight times the length may take four times as long again, where a quadratic reader takes eight
 * times as long again, and one that backtracks takes for ever.
 */
import {
  AuthorizationResponse,
  Challenge,
  GrantHistory,
  GrantKey,
  RemoteText,
  RetryAfter,
  Scopes,
  TokenResponse
} from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"

const readers: Readonly<
  Record<string, {
    readonly read: (text: string) => unknown
    /** As long as the reader reads; what is longer it refuses at once. */
    readonly most: number
    readonly baits: Readonly<Record<string, readonly [head: string, repeated: string, tail: string]>>
  }>
> = {
  "WWW-Authenticate": {
    read: (text) => Challenge.parse(text).challenges.map(Challenge.said),
    most: Challenge.maxLength,
    baits: {
      "quotation marks": ["Bearer ", `a="`, ""],
      "parameters": ["Bearer ", "a=b, ", ""],
      "parameters in quotes": ["Bearer ", `a="b", `, ""],
      "schemes": ["", "Bearer, ", ""],
      "spaces": ["Bearer", " ", "x"],
      "commas": ["", ",", "x"],
      "equals signs": ["Bearer ", "=", ""],
      "backslashes": [`Bearer a="`, String.raw`\"`, ""],
      "token68": ["Negotiate ", "a", "=\""],
      "letters that are not ASCII": ["Bearer ", "\u00e9", ""]
    }
  },
  "Retry-After": {
    read: (text) => RetryAfter.fromHeaders({ "retry-after": text, date: text }, { now: 0 }),
    most: 65_536,
    baits: {
      "digits": ["", "9", "x"],
      "spaces": ["1", " ", "1"],
      "a date": ["Sun, 06 Nov 1994 08:49:37", " ", "GMT"],
      "commas": ["Sun", ",", ""]
    }
  },
  "Content-Type and a body": {
    read: (text) =>
      TokenResponse.judge({
        origin: "https://as.example",
        status: 200,
        headers: { "content-type": text },
        body: new Uint8Array(2),
        sentAt: 0
      }),
    most: 65_536,
    baits: {
      "spaces": ["", " ", "application/json"],
      "suffixes": ["application/", "a+", "x"],
      "parameters": ["application/json", ";a=b", ""]
    }
  },
  "an authorization response": {
    read: (text) => AuthorizationResponse.fromQuery(text),
    most: 65_536,
    baits: {
      "parameters": ["code=c", "&a=b", ""],
      "escapes": ["code=", "%41", ""],
      "brackets": ["code", "[", "=c"],
      "plus signs": ["code=", "+", ""],
      "equals signs": ["code", "=", ""]
    }
  },
  "words of a server": {
    read: (text) => RemoteText.fromUnknown(text),
    most: 65_536,
    baits: {
      "spaces": ["a", " ", "b"],
      "control characters": ["a", "\u0007", "b"],
      "surrogates": ["a", "\ud800", "b"],
      "tags": ["a", "\u{e0041}", "b"]
    }
  },
  "scopes": {
    read: Scopes.fromString,
    most: 65_536,
    baits: { spaces: ["a", " ", "b"], scopes: ["", "a ", ""], others: ["", "ab cd ", ""] }
  },
  "a grant's key": {
    read: GrantKey.fromId,
    most: 65_536,
    baits: { bars: ["a", "|", "b"], escapes: ["a|b|c|", "%41", ""] }
  },
  "a history": {
    read: GrantHistory.fromText,
    most: 65_536,
    baits: { lines: ["", "1 1 Renewed a b\n", ""], spaces: ["1 1 Renewed", " ", "\n"] }
  }
}

describe("reading", () => {
  for (const [name, { baits, most, read }] of Object.entries(readers)) {
    for (const [bait, [head, repeated, tail]] of Object.entries(baits)) {
      it(`${name} full of ${bait} takes time in proportion to its length`, () => {
        const text = (length: number) =>
          head + repeated.repeat(Math.floor((length - head.length - tail.length) / repeated.length)) + tail
        const [short, long] = [text(most / 8), text(most)]

        assert.isBelow(ratio(read, short, long), 32)
      })
    }
  }

  it("is found out where it takes longer than that", () => {
    const quadratic = (text: string) => {
      let found = 0
      for (let from = 0; from < text.length; from++) if (text.indexOf("\u0000", from) === -1) found++
      return found
    }

    assert.isAbove(ratio(quadratic, "a".repeat(16_384), "a".repeat(131_072)), 32)
  })
})

/** How many times as long the long text takes: each by the fastest of several tries, which other programs disturb least. */
const ratio = (read: (text: string) => unknown, short: string, long: string): number => {
  const best = (text: string, least: number): number => {
    let fastest = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 7; tries++) {
      const start = performance.now()
      let times = 0
      do {
        read(text)
        times++
      } while (performance.now() - start < least)
      fastest = Math.min(fastest, (performance.now() - start) / times)
    }
    return fastest
  }
  read(short)
  return best(long, 2) / best(short, 2)
}
