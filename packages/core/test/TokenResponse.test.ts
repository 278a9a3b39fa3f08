import { Scopes, TokenResponse, type TokenSet } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Redacted, Schema } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("TokenResponse", () => {
  describe("a granted answer", () => {
    it("gives every member its type [6749-5.1-a]", () => {
      const tokens = granted({
        access_token: "at-1",
        token_type: "Bearer",
        expires_in: 3600,
        refresh_token: "rt 1",
        scope: "b a b",
        id_token: "e.y.J"
      })

      assert.deepStrictEqual(tokens, {
        accessToken: "at-1",
        tokenType: "Bearer",
        receivedAt: 1000,
        expiresIn: 3_600_000,
        refreshToken: "rt 1",
        scopes: ["b", "a"],
        idToken: "e.y.J"
      })
    })

    it("tells nothing that the answer does not tell [6749-5.1-c] [6749-5.1-d]", () => {
      assert.deepStrictEqual(granted({ access_token: "a", token_type: "bearer" }), {
        accessToken: "a",
        tokenType: "Bearer",
        receivedAt: 1000
      })
    })

    for (const type of ["bearer", "BEARER", "bEaReR"]) {
      it(`writes the type ${type} as Bearer [6749-5.1-b] [2.1-3.2.3-c]`, () => {
        assert.strictEqual(granted({ access_token: "a", token_type: type })["tokenType"], "Bearer")
      })
    }

    it("ignores members that it does not know, of any type [6749-5.1-e] [OIDC-3.1.3.3-b] [2.1-3.2.3-b]", () => {
      const body = { ...minimal, a: [1], b: { c: null }, d: 1e300, e: false, constructor: "x", toString: 1 }

      assert.deepStrictEqual(granted(body), granted(minimal))
    })

    it("takes null for absent [2.1-App.C.3-a]", () => {
      const body = { ...minimal, refresh_token: null, expires_in: null, scope: null, id_token: null, error: null }

      assert.deepStrictEqual(granted(body), granted(minimal))
    })

    it("takes an empty error for none", () => {
      assert.deepStrictEqual(granted({ ...minimal, error: "" }), granted(minimal))
    })

    it("tells an empty scope from one that is not there", () => {
      assert.deepStrictEqual(granted({ ...minimal, scope: "" })["scopes"], [])
    })

    it("keeps long tokens whole [6749-5.1-h]", () => {
      const long = "x".repeat(16_384)

      assert.strictEqual(granted({ ...minimal, access_token: long })["accessToken"], long)
    })

    it("may begin with a byte order mark", () => {
      assert.strictEqual(verdict({ body: `\ufeff${JSON.stringify(minimal)}` }), "Granted")
    })

    it("counts the last of two members of one name", () => {
      assert.strictEqual(
        tokensOf({ body: `{"access_token":"a","access_token":"b","token_type":"bearer"}` })["accessToken"],
        "b"
      )
    })

    for (const contentType of ["application/json", "Application/JSON; charset=UTF-8", "application/problem+json"]) {
      it(`may have the content type ${contentType}`, () => {
        assert.strictEqual(verdict({ contentType, body: JSON.stringify(minimal) }), "Granted")
      })
    }

    const lifetimes: ReadonlyArray<readonly [string, number]> = [
      ["0", 0],
      ["-0", 0],
      ["3600.0", 3600],
      ["3599.9", 3599],
      ["1e9", 315_360_000],
      ["1e400", 315_360_000]
    ]
    for (const [written, seconds] of lifetimes) {
      it(`reads a lifetime of ${written} as ${seconds} seconds [6749-5.1-c]`, () => {
        const tokens = tokensOf({ body: `{"access_token":"a","token_type":"bearer","expires_in":${written}}` })

        assert.strictEqual(tokens["expiresIn"], seconds * 1000)
      })
    }
  })

  it("reads an access token of signs that make no other word of a header", () => {
    const token = "00D!AQ~.x|y$z%()*=="

    assert.strictEqual(
      tokensOf({ body: JSON.stringify({ access_token: token, token_type: "bearer" }) })["accessToken"],
      token
    )
  })

  describe("an answer that fails a check", () => {
    const cases: Record<string, readonly [unknown, string]> = {
      "no access token [6749-5.1-a]": [{ access_token: undefined }, "missing access_token"],
      "access token null": [{ access_token: null }, "missing access_token"],
      "access token empty [6749-5.1-a]": [{ access_token: "" }, "missing access_token"],
      "access token a number [6749-5.1-a]": [{ access_token: 1 }, "wrong-type access_token"],
      "access token a list": [{ access_token: ["a"] }, "wrong-type access_token"],
      "access token with a line break [6750-2.1-b]": [{ access_token: "a\r\nX: y" }, "out-of-range access_token"],
      "access token with a space [6750-2.1-b]": [{ access_token: "a b" }, "out-of-range access_token"],
      "access token with a comma [6750-2.1-b]": [{ access_token: "a,b" }, "out-of-range access_token"],
      "access token with a quotation mark [6750-2.1-b]": [{ access_token: "a\"b" }, "out-of-range access_token"],
      "access token not ASCII [6750-2.1-b]": [{ access_token: "é" }, "out-of-range access_token"],
      "refresh token empty": [{ refresh_token: "" }, "missing refresh_token"],
      "refresh token a number": [{ refresh_token: 7 }, "wrong-type refresh_token"],
      "refresh token with a line break": [{ refresh_token: "r\n" }, "out-of-range refresh_token"],
      "no token type [6749-5.1-b]": [{ token_type: undefined }, "missing token_type"],
      "token type empty": [{ token_type: "" }, "missing token_type"],
      "token type a list": [{ token_type: ["bearer"] }, "wrong-type token_type"],
      "token type mac [6749-7.1-a]": [{ token_type: "mac" }, "TokenTypeUnsupported mac"],
      "token type DPoP, which nobody asked for": [{ token_type: "DPoP" }, "TokenTypeUnsupported DPoP"],
      "lifetime a string [6749-5.1-c]": [{ expires_in: "3600" }, "wrong-type expires_in"],
      "lifetime true": [{ expires_in: true }, "wrong-type expires_in"],
      "lifetime negative": [{ expires_in: -1 }, "out-of-range expires_in"],
      "scope a list": [{ scope: ["a"] }, "wrong-type scope"],
      "scope with a quote": [{ scope: "a\"" }, "out-of-range scope"],
      "ID token an object": [{ id_token: {} }, "wrong-type id_token"],
      "ID token with a line break": [{ id_token: "a\nb" }, "out-of-range id_token"],
      "tokens and an error": [{ error: "invalid_grant" }, "mismatch error"],
      "tokens and an error that would mean unavailable": [{ error: "temporarily_unavailable" }, "mismatch error"],
      "an error of another type": [{ error: { code: 1 } }, "wrong-type error"]
    }
    for (const [name, [change, expected]] of Object.entries(cases)) {
      it(`is unusable: ${name}`, () => {
        const body = JSON.stringify({ ...minimal, ...change as object })

        assert.strictEqual(verdict({ body }), `Unusable ${expected}`)
      })
    }

    const whole: Record<string, readonly [Partial<Sent>, string]> = {
      "text [6749-5.1-f]": [{ contentType: "text/plain" }, "content-type"],
      "no content type [6749-5.1-f]": [{ contentType: undefined }, "content-type"],
      "a form [6749-5.1-f]": [{
        contentType: "application/x-www-form-urlencoded",
        body: "access_token=a&token_type=bearer"
      }, "content-type"],
      "status 201": [{ status: 201 }, "status"],
      "status 202": [{ status: 202 }, "status"],
      "status 204": [{ status: 204, body: "", contentType: undefined }, "status"],
      "a list": [{ body: "[]" }, "not-an-object"],
      "a string": [{ body: "\"a\"" }, "not-an-object"],
      "null": [{ body: "null" }, "not-an-object"],
      "bytes that are not UTF-8": [{ body: Uint8Array.of(0x7b, 0xff, 0x7d) }, "encoding"],
      "UTF-16": [{ body: Uint8Array.of(0xff, 0xfe, 0x7b, 0) }, "encoding"],
      "members of the prototype": [{ body: `{"__proto__":${JSON.stringify(minimal)}}` }, "missing access_token"]
    }
    for (const [name, [sent, expected]] of Object.entries(whole)) {
      it(`is unusable: ${name}`, () => assert.strictEqual(verdict(sent), `Unusable ${expected}`))
    }

    const kept: Record<string, readonly [Partial<Sent>, string | undefined]> = {
      "a wrong member": [{ body: `{"access_token":1,"refresh_token":"rt"}` }, "rt"],
      "an unsupported type": [{ body: `{"access_token":"a","token_type":"mac","refresh_token":"rt"}` }, "rt"],
      "a wrong status": [{ status: 201, body: `{"access_token":"a","refresh_token":"rt"}` }, "rt"],
      "a wrong content type": [{ contentType: "text/html", body: `{"refresh_token":"rt"}` }, "rt"],
      "a form": [{
        contentType: "application/x-www-form-urlencoded; charset=utf-8",
        body: "access_token=a&refresh_token=r%2Bt"
      }, "r+t"],
      "an error beside it": [{ body: `{"error":"server_error","refresh_token":"rt"}` }, "rt"],
      "a refresh token that is not well-formed": [{ body: `{"refresh_token":"r\\n"}` }, undefined]
    }
    for (const [name, [sent, expected]] of Object.entries(kept)) {
      it(`hands ${expected === undefined ? "nothing" : "its refresh token"} on: ${name}`, () => {
        const judgement = judge(sent)

        assert.strictEqual(judgement._tag, "Unusable")
        assert.strictEqual(
          judgement._tag === "Unusable" && judgement.refreshToken && Redacted.value(judgement.refreshToken),
          expected
        )
      })
    }

    it("pollutes no prototype", () => {
      judge({ body: `{"__proto__":{"access_token":"a"},"constructor":{"prototype":{"access_token":"a"}}}` })

      assert.isUndefined(Reflect.get({}, "access_token"))
    })
  })

  describe("a refusal", () => {
    const codes = [
      "invalid_request",
      "invalid_client",
      "invalid_grant",
      "unauthorized_client",
      "unsupported_grant_type",
      "invalid_scope",
      "bad_refresh_token"
    ]
    for (const code of codes) {
      it(`keeps its code: ${code} [6749-5.2-a] [6749-5.2-c]`, () => {
        assert.strictEqual(verdict({ status: 400, body: `{"error":"${code}"}` }), `Refused ${code} 400`)
      })
    }

    it("of a client that is not accepted says how else to authenticate, cleaned [6749-5.2-b]", () => {
      const judgement = judge({
        status: 401,
        headers: { "www-authenticate": "Basic realm=\"as\u001b[31m\"" },
        body: `{"error":"invalid_client"}`
      })

      assert.isTrue(judgement._tag === "Refused" && !judgement.endsGrant)
      const said = judgement._tag === "Refused" ? `${judgement.reason.code} ${judgement.reason.challenge}` : ""
      assert.isTrue(said.startsWith("invalid_client Basic realm=\"as"), said)
      assert.notInclude(said, "\u001b")
    })

    for (const status of [400, 401, 403, 404, 418]) {
      it(`ends the grant by its code, with the status ${status}`, () => {
        const judgement = judge({ status, body: `{"error":"invalid_grant"}` })

        assert.isTrue(judgement._tag === "Refused" && judgement.endsGrant)
      })
    }

    for (
      const error of ["invalid_client", "invalid_request", "Invalid_Grant", "invalid_grant\u0000", " invalid_grant"]
    ) {
      it(`does not end the grant with ${JSON.stringify(error)}`, () => {
        const judgement = judge({ status: 400, body: JSON.stringify({ error }) })

        assert.isTrue(judgement._tag === "Refused" && !judgement.endsGrant)
      })
    }

    it("ends the grant with the dialect's codes", () => {
      const judgement = judge({ status: 400, body: `{"error":"invalid_request"}` }, { grantEnded: ["invalid_request"] })

      assert.isTrue(judgement._tag === "Refused" && judgement.endsGrant)
    })

    it("may come with the status 200", () => {
      assert.strictEqual(
        verdict({ body: `{"ok":false,"error":"bad_verification_code"}` }),
        "Refused bad_verification_code 200"
      )
    })

    it("may echo the token that was presented", () => {
      assert.strictEqual(
        verdict({ status: 400, body: `{"error":"invalid_grant","refresh_token":"rt"}` }),
        "Refused invalid_grant 400"
      )
    })

    it("is shown cleaned, its page only when it is on the web [6749-5.2-d]", () => {
      const judgement = judge({
        status: 400,
        body: JSON.stringify({
          error: "x",
          error_description: `a\r\n\u001b[31mb\u202e${"y".repeat(5_000)}`,
          error_uri: "javascript:alert(1)"
        })
      })
      const reason = judgement._tag === "Refused" ? judgement.reason : undefined

      assert.isTrue(reason?.description?.startsWith("a [31mb yyy"))
      assert.strictEqual(reason?.description?.length, 300)
      assert.isUndefined(reason?.uri)
    })

    it("may name a page", () => {
      const judgement = judge({ status: 400, body: `{"error":"x","error_uri":"https://as.example/x"}` })

      assert.strictEqual(String(judgement._tag === "Refused" && judgement.reason.uri), "https://as.example/x")
    })
  })

  describe("an answer that was not processed", () => {
    const cases: Record<string, Partial<Sent>> = {
      "429": { status: 429 },
      "429 with an OAuth error": { status: 429, body: `{"error":"invalid_grant"}` },
      "503 with a page": { status: 503, contentType: "text/html", body: "<html>" },
      "503 with an OAuth error": { status: 503, body: `{"error":"invalid_grant"}` },
      "407, from a proxy": { status: 407, contentType: "text/html", body: "<html>" },
      "511, from a portal": { status: 511, contentType: "text/html", body: "<html>" },
      "temporarily_unavailable with 400": { status: 400, body: `{"error":"temporarily_unavailable"}` },
      "temporarily_unavailable with 200": { status: 200, body: `{"error":"temporarily_unavailable"}` },
      "temporarily_unavailable with 500": { status: 500, body: `{"error":"temporarily_unavailable"}` }
    }
    for (const [name, sent] of Object.entries(cases)) {
      it(`is told: ${name}`, () => assert.strictEqual(verdict(sent), `NotProcessed ${sent.status}`))
    }

    it("says when to come back", () => {
      const judgement = judge({ status: 503, body: "", headers: { "retry-after": "120" } })

      assert.deepStrictEqual(judgement._tag === "NotProcessed" && judgement.reason.retryAfter, Duration.seconds(120))
    })
  })

  describe("an ambiguous answer", () => {
    const html = { contentType: "text/html", body: "<html>" }
    const cases: Record<string, readonly [Partial<Sent>, string]> = {
      "a page with 200 [6749-5.1-f]": [html, "AnswerLost content-type 200"],
      "nothing with 200": [{ contentType: undefined, body: "" }, "AnswerLost content-type 200"],
      "half a text": [{ body: `{"access_token":"a` }, "AnswerLost truncated 200"],
      "an empty text": [{ body: "" }, "AnswerLost truncated 200"],
      "a page with 400": [{ ...html, status: 400 }, "AnswerLost status 400"],
      "JSON without an error": [{ status: 401, body: `{"message":"no"}` }, "AnswerLost status 401"],
      "JSON with an error that is no text": [
        { status: 400, body: `{"error":{"code":"invalid_grant"}}` },
        "AnswerLost status 400"
      ],
      "an error in text": [
        { status: 400, contentType: "text/plain", body: `{"error":"invalid_grant"}` },
        "AnswerLost status 400"
      ],
      "408": [{ status: 408, body: `{"error":"invalid_grant"}` }, "AnswerLost status 408"],
      "500 with an OAuth error": [{ status: 500, body: `{"error":"invalid_grant"}` }, "AnswerLost status 500"],
      "502 with a page": [{ ...html, status: 502 }, "AnswerLost status 502"],
      "504 with a page": [{ ...html, status: 504 }, "AnswerLost status 504"],
      "server_error with 400": [{ status: 400, body: `{"error":"server_error"}` }, "AnswerLost status 400"],
      "a redirect": [{ status: 307, body: "" }, "RedirectRefused 307"],
      "a status that does not exist": [{ status: 0, body: "" }, "AnswerLost status 0"]
    }
    for (const [name, [sent, expected]] of Object.entries(cases)) {
      it(`is one: ${name}`, () => assert.strictEqual(verdict(sent), `Ambiguous ${expected}`))
    }

    for (const status of [500, 502, 504, 408]) {
      it(`is none with ${status} where errors come before rotation`, () => {
        assert.strictEqual(verdict({ status, body: "" }, { errorsPrecedeRotation: true }), `NotProcessed ${status}`)
      })
    }

    for (const sent of [{ ...html, status: 400 }, { ...html, status: 200 }, { status: 302 }]) {
      it(`stays one with ${sent.status} where errors come before rotation`, () => {
        assert.strictEqual(judge(sent, { errorsPrecedeRotation: true })._tag, "Ambiguous")
      })
    }
  })

  describe("rules", () => {
    it("allow lifetimes in digits, and nothing but digits", () => {
      const rules = { expiresIn: "number-or-digits" } as const
      const lifetime = (expires_in: unknown) => {
        const judgement = judge({ body: JSON.stringify({ ...minimal, expires_in }) }, rules)
        return judgement._tag === "Granted"
          ? Duration.toSeconds(judgement.tokens.expiresIn ?? Duration.zero)
          : judgement._tag
      }

      assert.deepStrictEqual([lifetime("3600"), lifetime(60)], [3600, 60])
      for (const text of ["3600abc", "", "1e9", " 120 ", "0x10", "-1", "12345678901"]) {
        assert.strictEqual(lifetime(text), "Unusable", text)
      }
    })

    it("say what a lifetime of zero means", () => {
      const body = JSON.stringify({ ...minimal, expires_in: 0 })

      assert.isUndefined(tokensOf({ body }, { expiresInZero: "unknown" })["expiresIn"])
      assert.strictEqual(
        tokensOf({ body }, { expiresInZero: "unknown", defaultLifetime: Duration.hours(2) })["expiresIn"],
        7_200_000
      )
    })

    it("give a lifetime and a type where the answer tells none", () => {
      const rules = { defaultLifetime: Duration.hours(1), defaultTokenType: "bearer" }

      assert.deepStrictEqual(tokensOf({ body: `{"access_token":"a"}` }, rules), {
        accessToken: "a",
        tokenType: "Bearer",
        receivedAt: 1000,
        expiresIn: 3_600_000
      })
    })

    it("name another separator of scopes", () => {
      const tokens = tokensOf({ body: JSON.stringify({ ...minimal, scope: "a,b c" }) }, { scopeSeparator: "," })

      assert.isUndefined(tokens["scopes"])
      assert.deepStrictEqual(
        tokensOf({ body: JSON.stringify({ ...minimal, scope: "a,b, c" }) }, { scopeSeparator: "," })["scopes"],
        Scopes.make("a", "b", "c")
      )
    })

    it("name the member that tells the lifetime of the refresh token", () => {
      const lifetime = (value: unknown) =>
        tokensOf({ body: JSON.stringify({ ...minimal, refresh_token: "r", refresh_expires_in: value }) }, {
          refreshTokenExpiresIn: "refresh_expires_in",
          refreshTokenLifetime: Duration.days(30)
        })["refreshTokenExpiresIn"]

      assert.deepStrictEqual([60, 0, undefined].map(lifetime), [60_000, 2_592_000_000, 2_592_000_000])
    })

    it("tell no lifetime of a refresh token that is not there", () => {
      assert.notProperty(
        tokensOf({ body: JSON.stringify(minimal) }, { refreshTokenLifetime: Duration.days(30) }),
        "refreshTokenExpiresIn"
      )
    })

    it("keep members, but never a token", () => {
      const tokens = tokensOf({ body: JSON.stringify({ ...minimal, instance_url: "https://x", n: { a: [1] } }) }, {
        keep: ["instance_url", "n", "access_token", "refresh_token", "not-there", "toString", "__proto__"]
      })

      assert.deepStrictEqual(tokens["kept"], { instance_url: "https://x", n: { a: [1] } })
    })

    it("keep nothing that nests too deeply to be written again", () => {
      const deep = "[".repeat(100_000) + "]".repeat(100_000)

      const tokens = tokensOf({ body: `{"access_token":"a","token_type":"bearer","n":${deep}}` }, { keep: ["n"] })

      assert.notProperty(tokens, "kept")
    })
  })

  it.prop("judge every answer", [Schema.Int, Schema.String, Schema.Json], ([status, contentType, json]) => {
    const sent = { status, contentType, body: JSON.stringify(json) }

    return [sent, { ...sent, contentType: "application/json" }, { ...sent, status: 200 }].every((sent) =>
      typeof judge(sent)._tag === "string"
    )
  })

  it("keeps tokens out of strings [6749-10.3-a]", () => {
    const tokens = { access_token: canary, refresh_token: canary, id_token: canary, token_type: "bearer" }
    const bodies = [
      JSON.stringify(tokens),
      JSON.stringify({ ...tokens, token_type: "mac" }),
      JSON.stringify({ ...tokens, access_token: `${canary}\n` }),
      JSON.stringify({ ...tokens, error: "x" }),
      JSON.stringify(tokens).slice(0, -1),
      `<html>${canary}`
    ]
    const judgements = bodies.flatMap((body) => [200, 201, 400, 500].map((status) => judge({ status, body })))

    assert.deepStrictEqual(judgements.flatMap(leaks), [])
  })
})

interface Sent {
  readonly status: number
  readonly contentType: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

const minimal = { access_token: "a", token_type: "bearer" }

const judge = (sent: Partial<Sent>, rules?: Partial<TokenResponse.Rules>): TokenResponse.Judgement => {
  const { body, contentType, headers, status }: Sent = {
    status: 200,
    contentType: "application/json",
    headers: {},
    body: JSON.stringify(minimal),
    ...sent
  }
  return TokenResponse.judge({
    origin: "https://as.example",
    status,
    headers: { ...headers, "content-type": contentType },
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    sentAt: 1000
  }, { ...TokenResponse.rfc6749, ...rules })
}

const verdict = (sent: Partial<Sent>, rules?: Partial<TokenResponse.Rules>): string => {
  const judgement = judge(sent, rules)
  if (judgement._tag === "Granted") return "Granted"
  const { reason } = judgement
  const words = reason._tag === "ResponseInvalid" ?
    [reason.problem, reason.field]
    : reason._tag === "TokenTypeUnsupported" ?
    [reason._tag, reason.tokenType]
    : reason._tag === "RequestRefused" ?
    [reason.code, reason.status]
    : reason._tag === "AnswerLost" ?
    [reason._tag, reason.problem, reason.status]
    : reason._tag === "ServerUnavailable" ?
    [reason.status]
    : reason._tag === "RedirectRefused" ?
    [reason._tag, reason.status]
    : [reason._tag]
  return [judgement._tag, ...words].filter((word) => word !== undefined).join(" ")
}

const plain = (tokens: TokenSet.TokenSet): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tokens).map(([name, value]) => [
      name,
      Redacted.isRedacted(value) ? Redacted.value(value) : Duration.isDuration(value) ? Duration.toMillis(value) : value
    ])
  )

const tokensOf = (sent: Partial<Sent>, rules?: Partial<TokenResponse.Rules>): Record<string, unknown> => {
  const judgement = judge(sent, rules)
  return judgement._tag === "Granted" ? plain(judgement.tokens) : {}
}

const granted = (body: object): Record<string, unknown> => tokensOf({ body: JSON.stringify(body) })
