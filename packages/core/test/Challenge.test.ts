import { Challenge } from "@effect-oauth/core"
import { assert, describe, it, vi } from "@effect/vitest"
import { Duration } from "effect"

describe("Challenge", () => {
  describe("parse", () => {
    const cases: ReadonlyArray<
      readonly [title: string, text: string, challenges: ReadonlyArray<unknown>, problem?: Challenge.Parsed["problem"]]
    > = [
      ["nothing", "", []],
      ["a scheme alone", "Negotiate", [["negotiate"]]],
      [
        "a scheme among others, whatever its case [6750-3-a]",
        "Negotiate, bearer realm=\"x\", error=\"invalid_token\"",
        [
          ["negotiate"],
          ["bearer", { realm: "x", error: "invalid_token" }]
        ]
      ],
      ["two challenges with parameters", "Basic realm=\"a\", charset=\"UTF-8\", BEARER realm=b", [
        ["basic", { realm: "a", charset: "UTF-8" }],
        ["bearer", { realm: "b" }]
      ]],
      ["token68", "Negotiate oYG2MIGzoAMKAQA==, NTLM TlRM+/x=, Bearer", [
        ["negotiate", {}, "oYG2MIGzoAMKAQA=="],
        ["ntlm", {}, "TlRM+/x="],
        ["bearer"]
      ]],
      ["commas and equals signs in quotes", "Bearer realm=\"a, b=c, Basic d\", error=x", [
        ["bearer", { realm: "a, b=c, Basic d", error: "x" }]
      ]],
      ["escapes", "Bearer realm=\"say \\\"hi\\\" \\\\ \\a\"", [["bearer", { realm: "say \"hi\" \\ a" }]]],
      ["space around equals signs and commas", "Bearer  realm = \"x\" ,\terror\t=\tinvalid_token , ", [
        ["bearer", { realm: "x", error: "invalid_token" }]
      ]],
      ["empty elements", ", ,Bearer realm=\"\",, error=x,", [["bearer", { realm: "", error: "x" }]]],
      ["names whatever their case", "Bearer Realm=a, ERROR=b", [["bearer", { realm: "a", error: "b" }]]],
      ["names that objects have", "Bearer __proto__=\"a\", constructor=b", [
        ["bearer", { ["__proto__"]: "a", constructor: "b" }]
      ]],
      ["letters that are not ASCII", "Bearer realm=\"caf\u00e9\"", [["bearer", { realm: "caf\u00e9" }]]],
      ["parameters that nobody knows [9449-7.1-a]", "DPoP algs=\"ES256 PS256\", future=\"1\", error=use_dpop_nonce", [
        ["dpop", { algs: "ES256 PS256", future: "1", error: "use_dpop_nonce" }]
      ]],
      ["commas that are missing", "Bearer realm=\"x\" error=\"invalid_token\" DPoP algs=\"ES256\"", [
        ["bearer", { realm: "x", error: "invalid_token" }],
        ["dpop", { algs: "ES256" }]
      ], "syntax"],
      ["a quotation mark that is missing", "Basic realm=\"a\", Bearer realm=\"x, error=y", [
        ["basic", { realm: "a" }]
      ], "unterminated"],
      [
        "a parameter without a scheme",
        "error=\"invalid_token\", Bearer realm=x",
        [["bearer", { realm: "x" }]],
        "syntax"
      ],
      ["a parameter without a value", "Bearer a=b, realm=, error=x", [["bearer", { a: "b", error: "x" }]], "syntax"],
      ["characters of no name", "<html>, Bearer realm=x", [["bearer", { realm: "x" }]], "syntax"],
      [
        "a scheme that no comma sets apart",
        "Negotiate Bearer realm=x",
        [["negotiate"], ["bearer", { realm: "x" }]],
        "syntax"
      ],
      ["a name that runs into something else", "Bearer{}, DPoP algs=ES256", [["dpop", { algs: "ES256" }]], "syntax"],
      ["an escape at the end", "Bearer realm=\"x\\", [], "unterminated"]
    ]
    for (const [title, text, challenges, problem] of cases) {
      it(`reads ${title} [F01]`, () => {
        const parsed = Challenge.parse(text)

        assert.deepStrictEqual(
          parsed.challenges.map(({ parameters, scheme, token68 }) => [scheme, [...parameters], token68]),
          challenges.map((challenge) => {
            const [scheme, parameters = {}, token68] = challenge as [string, Record<string, string>?, string?]
            return [scheme, Object.entries(parameters), token68]
          })
        )
        assert.strictEqual(parsed.problem, problem)
      })
    }

    it("takes the first of two parameters of a name, and says that there are two [6750-3-b]", () => {
      const [bearer, dpop] = Challenge.parse("Bearer error=a, ERROR=b, DPoP error=c").challenges

      assert.strictEqual(bearer?.parameters.get("error"), "a")
      assert.deepStrictEqual([bearer?.isAmbiguous, dpop?.isAmbiguous], [true, false])
    })

    it("reads nothing of what is too long [F01]", () => {
      const text = `Bearer realm="${"x".repeat(1_000_000)}"`

      assert.deepStrictEqual(Challenge.parse(text), { challenges: [], problem: "too-long" })
    })

    // the work is counted, not timed: how often the parser looks at a character
    const baits: ReadonlyArray<readonly [title: string, piece: string]> = [
      ["names", "a"],
      ["names and spaces", "a "],
      ["spaces", " "],
      ["commas", ","],
      ["equals signs", "="],
      ["names with equals signs", "a="],
      ["names, equals signs and spaces", "a = "],
      ["quotation marks", "\""],
      ["backslashes in quotes", "a=\"\\"],
      ["empty quotes", "a=\"\" "],
      ["token68 that do not end", "a b/"],
      ["token68 and equals signs", "a b== "],
      ["characters of no name", "<>"],
      ["schemes that run on", "a{"]
    ]
    for (const [title, piece] of baits) {
      it(`takes time in proportion to the length of ${title} [F01]`, () => {
        const looks = (length: number): number => Looks.at(piece.repeat(length).slice(0, length))

        const [short, long] = [looks(2_000), looks(16_000)]

        assert.isAtMost(long, short * 8 + 200)
        assert.isAtMost(long, 16_000 * 8)
      })
    }

    it("gives an answer to whatever comes in [F01]", () => {
      const alphabet = "aB0 \t,=\"\\;/+.~{<\u00e9\u0000"
      let seed = 1
      const next = (below: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor(seed / 65_536) % below
      }
      for (let round = 0; round < 20_000; round++) {
        const text = Array.from({ length: next(24) }, () => alphabet[next(alphabet.length)]).join("")

        const { challenges } = Challenge.parse(text)

        assert.isTrue(challenges.every(({ scheme }) => scheme !== "" && scheme === scheme.toLowerCase()))
      }
    })
  })

  describe("said", () => {
    it("tells what a client of OAuth needs", () => {
      const parsed = Challenge.fromHeaders({
        "www-authenticate": "Bearer error=\"insufficient_user_authentication\", " +
          "error_description=\"A different level is needed\", scope=\"read write\", " +
          "acr_values=\"gold silver\", max_age=\"300\", resource_metadata=\"https://api.test/meta\", algs=\"ES256 PS256\""
      })

      const said = parsed.challenges.map(Challenge.said)

      assert.deepStrictEqual(said, [{
        error: "insufficient_user_authentication",
        description: "A different level is needed",
        scopes: ["read", "write"],
        resourceMetadata: "https://api.test/meta",
        acrValues: ["gold", "silver"],
        maxAge: Duration.minutes(5),
        algorithms: ["ES256", "PS256"]
      }] as ReadonlyArray<unknown>)
    })

    it("has no code where no credentials were sent [6750-3-c]", () => {
      const [challenge] = Challenge.parse("Bearer realm=\"x\"").challenges

      assert.isUndefined(challenge && Challenge.said(challenge).error)
    })

    it("leaves out what is not as it should be", () => {
      const [challenge] = Challenge.parse("Bearer max_age=\"-1\", scope=\"a \\\"b\", acr_values=\"  \"").challenges

      assert.deepStrictEqual(
        Object.values(challenge === undefined ? {} : Challenge.said(challenge)).filter((value) => value !== undefined),
        []
      )
    })

    it("cleans the words of the other side", () => {
      const [challenge] = Challenge.parse("Bearer error_description=\"a\u001b[31mb\"").challenges

      assert.notInclude(challenge && Challenge.said(challenge).description, "\u001b")
    })
  })

  describe("resourceMetadata", () => {
    it("is told by the challenge of any scheme [9728-5.1-a]", () => {
      const of = (text: string) => Challenge.resourceMetadata(Challenge.parse(text))

      assert.strictEqual(of("Basic realm=x, Bearer resource_metadata=\"https://a.test/m\""), "https://a.test/m")
      assert.strictEqual(of("DPoP algs=ES256, resource_metadata=\"https://b.test/m\""), "https://b.test/m")
      assert.isUndefined(of("Bearer realm=x"))
    })
  })

  describe("meaning", () => {
    const meanings: ReadonlyArray<readonly [title: string, status: number, header: string | undefined, tag: string]> = [
      ["a 401 without a word", 401, undefined, "renew"],
      ["a 401 of another scheme", 401, "Basic realm=x", "renew"],
      ["a token that is not accepted [6750-3.1-a]", 401, "Bearer error=\"invalid_token\"", "renew"],
      ["a 401 without a code", 401, "Bearer realm=\"x\"", "renew"],
      ["a challenge with a code twice [6750-3-b]", 401, "Bearer error=invalid_token, error=invalid_token", "answer"],
      ["a request that is not understood [6750-3.1-a]", 401, "Bearer error=\"invalid_request\"", "answer"],
      ["scopes that are missing [6750-3.1-b]", 403, "Bearer error=\"insufficient_scope\"", "insufficient"],
      ["a login that is too old", 401, "Bearer error=\"insufficient_user_authentication\"", "insufficient"],
      ["a nonce that is wanted [9449-7.1-c]", 401, "dpop ERROR=\"use_dpop_nonce\"", "prove"],
      ["a code in another case [9449-7.1-c]", 401, "DPoP error=\"USE_DPOP_NONCE\"", "answer"],
      ["a nonce that a bearer wants", 401, "Bearer error=\"use_dpop_nonce\"", "renew"],
      ["a refusal", 403, "Bearer realm=x", "answer"],
      ["a success with a challenge", 200, "Bearer error=invalid_token", "answer"]
    ]
    for (const [title, status, header, tag] of meanings) {
      it(`of ${title} is "${tag}"`, () => {
        const meaning = Challenge.meaning({ status, headers: { "www-authenticate": header } })

        assert.strictEqual(meaning._tag, tag)
      })
    }
  })
})

// How often the parser looks at a character of a text.
const Looks = {
  at: (text: string): number => {
    const look = vi.spyOn(String.prototype, "charCodeAt")
    try {
      Challenge.parse(text)
      return look.mock.calls.length
    } finally {
      look.mockRestore()
    }
  }
}
