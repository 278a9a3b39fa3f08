import { type AuthorizationRequest, AuthorizationResponse, type OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("AuthorizationResponse", () => {
  describe("a success", () => {
    it("gives the code and what else came along [6749-4.1.2-b] [2.1-4.1.2-a]", () => {
      const { code, parameters } = success(
        "code=c%2B1%2F%7E&state=s3&session_state=x+y&realmId=9&iss=https%3A%2F%2Fas.example"
      )

      assert.strictEqual(Redacted.value(code), "c+1/~")
      assert.deepStrictEqual([...parameters], [["session_state", "x y"], ["realmId", "9"]])
    })

    it("keeps a long code whole [6749-4.1.2-e]", () => {
      const long = "x".repeat(8192)

      assert.strictEqual(Redacted.value(success(`code=${long}&state=s3`).code), long)
    })

    it("is read from an address, a query with its question mark and the body of a form", () => {
      const arrivals = [
        AuthorizationResponse.fromUrl("https://app.example/cb?code=c&state=s3"),
        AuthorizationResponse.fromQuery("?code=c&state=s3"),
        AuthorizationResponse.fromQuery("state=s3&code=c")
      ]

      assert.deepStrictEqual(arrivals.map((arrival) => outcome(Result.flatMap(arrival, judge()))), ["c", "c", "c"])
    })

    it("names the state by which to look for the login", () => {
      const response = Result.getOrThrow(AuthorizationResponse.fromQuery("code=c&state=s3"))

      assert.strictEqual(response.state && Redacted.value(response.state), "s3")
    })

    it("is not disturbed by the fragment that some servers append", () => {
      assert.strictEqual(fromUrl("https://app.example/cb?code=c&state=s3#_=_"), "c")
    })
  })

  describe("state", () => {
    const cases: ReadonlyArray<readonly [string, string, string]> = [
      ["is missing", "s3", "code=c"],
      ["is empty", "s3", "code=c&state="],
      ["is another", "s3", "code=c&state=s4"],
      ["begins like ours", "s3", "code=c&state=s33"],
      ["differs in case [6749-4.1.2-d]", "s3", "code=c&state=S3"],
      ["came back with a space for its plus sign [6749-4.1.2-d]", "s+3", "code=c&state=s+3"]
    ]
    for (const [name, state, query] of cases) {
      it(`rejects the answer when it ${name} [6749-4.1.1-d] [6749-10.12-a]`, () => {
        assert.strictEqual(judged(query, { state: Redacted.make(state) }), "CallbackRejected state-mismatch")
      })
    }

    it("is checked before an error is believed [6749-4.1.2.1-b] [9207-2.4-f]", () => {
      const response = Result.flatMap(
        AuthorizationResponse.fromQuery("error=access_denied&error_description=Call+1-800-EVIL&state=wrong"),
        judge()
      )

      assert.strictEqual(outcome(response), "CallbackRejected state-mismatch")
      assert.notInclude(Result.isFailure(response) ? response.failure.message : "", "EVIL")
    })
  })

  describe("redirect URI", () => {
    const cases: ReadonlyArray<readonly [string, string, string, boolean]> = [
      ["the same", "https://app.example/cb", "https://app.example/cb?code=c&state=s3", true],
      ["the same with its own query", "https://app.example/cb?t=1", "https://app.example/cb?t=1&code=c&state=s3", true],
      ["as a browser writes it", "https://APP.example:443", "https://app.example/?code=c&state=s3", true],
      ["of a scheme of its own", "adobe+0a://callback", "adobe+0a://callback?code=c&state=s3", true],
      ["another path", "https://app.example/cb", "https://app.example/cb2?code=c&state=s3", false],
      ["a path below", "https://app.example/cb", "https://app.example/cb/x?code=c&state=s3", false],
      ["another port", "http://127.0.0.1:4711/cb", "http://127.0.0.1:4712/cb?code=c&state=s3", false],
      ["another host", "https://app.example/cb", "https://evil.example/cb?code=c&state=s3", false],
      ["another scheme", "https://app.example/cb", "http://app.example/cb?code=c&state=s3", false],
      ["another query", "https://app.example/cb?t=1", "https://app.example/cb?t=2&code=c&state=s3", false],
      [
        "a longer value in its query",
        "https://app.example/cb?t=1",
        "https://app.example/cb?t=11&code=c&state=s3",
        false
      ],
      [
        "a path that only normalises to it",
        "https://app.example/cb",
        "https://app.example/x/../cb?code=c&state=s3",
        false
      ]
    ]
    for (const [name, redirectUri, url, accepted] of cases) {
      it(`${accepted ? "accepts" : "rejects"} ${name} [2.1-2.3-a] [8252-8.10-b] [9700-4.4.2.2-b]`, () => {
        assert.strictEqual(
          fromUrl(url, { redirectUri }),
          accepted ? "c" : "CallbackRejected redirect-uri-mismatch"
        )
      })
    }
  })

  describe("iss", () => {
    const issuer = "https://as.example"
    const answers: ReadonlyArray<
      readonly [string, Partial<AuthorizationRequest.PendingAuthorization>, string, string]
    > = [
      ["equal [9207-2.4-b]", { issuer, issuerParameter: "required" }, "https%3A%2F%2Fas.example", "c"],
      ["equal, where it may be there", { issuer }, "https%3A%2F%2Fas.example", "c"],
      [
        "equal, from a server that does not announce it [9207-2.4-k]",
        { issuer, issuerParameter: "refused" },
        "https://as.example",
        "issuer-unexpected"
      ],
      [
        "another, from a server that does not announce it [9207-2.4-k]",
        { issuer, issuerParameter: "refused" },
        "https://evil.example",
        "issuer-mismatch"
      ],
      ["absent, where it must not be there", { issuer, issuerParameter: "refused" }, "", "c"],
      ["absent, where it need not be there", { issuer }, "", "c"],
      ["absent, where it must be there [9207-2.4-j]", { issuer, issuerParameter: "required" }, "", "issuer-missing"],
      ["present, where no issuer is known [9207-2.4-m]", {}, "https://evil.example", "c"],
      [
        "another [9207-2.4-a] [9207-2.4-d] [9207-4-a] [9700-4.4.2.1-a]",
        { issuer },
        "https://evil.example",
        "issuer-mismatch"
      ],
      ["with a slash at its end [9207-2.4-c]", { issuer }, "https://as.example/", "issuer-mismatch"],
      ["with its host in capitals [9207-2.4-c]", { issuer }, "https://AS.example", "issuer-mismatch"],
      ["with the default port [9207-2.4-c]", { issuer }, "https://as.example:443", "issuer-mismatch"],
      ["encoded twice [9207-2.4-c]", { issuer }, "https%253A%252F%252Fas.example", "issuer-mismatch"],
      ["with a letter that looks alike [8414-4-a]", { issuer }, "https://%D0%B0s.example", "issuer-mismatch"]
    ]
    for (const [name, pending, iss, expected] of answers) {
      it(`is judged: ${name}`, () => {
        assert.strictEqual(
          judged(`code=c&state=s3${iss === "" ? "" : `&iss=${iss}`}`, pending),
          expected === "c" ? "c" : `CallbackRejected ${expected}`
        )
      })
    }

    it("is checked before an error is believed [9207-2-a] [9207-2.4-f]", () => {
      assert.strictEqual(
        judged("error=access_denied&state=s3&iss=https://evil.example", { issuer }),
        "CallbackRejected issuer-mismatch"
      )
    })
  })

  describe("an error", () => {
    it("is a target that the server refuses, by its code [8707-2-g]", () => {
      const error = failure("error=invalid_target&state=s3")

      assert.strictEqual(error._tag === "AuthorizationRefused" && String(error.code), "invalid_target")
    })

    it("is the server's refusal when state and issuer are right [6749-4.1.2.1-a]", () => {
      const error = failure("error=access_denied&error_description=The+person+declined.&state=s3")

      assert.deepStrictEqual(
        [error._tag, error._tag === "AuthorizationRefused" && error.code, error.message],
        [
          "AuthorizationRefused",
          "access_denied",
          "The login was declined (the server said: The person declined.)"
        ]
      )
    })

    const codes = [
      "invalid_request",
      "unauthorized_client",
      "access_denied",
      "unsupported_response_type",
      "invalid_scope",
      "server_error",
      "temporarily_unavailable",
      "login_required",
      "foo_bar"
    ]
    for (const code of codes) {
      it(`keeps its code: ${code} [6749-4.1.2.1-c] [6749-8.5-a] [7636-4.4.1-a]`, () => {
        const error = failure(`error=${code}&state=s3`)

        assert.strictEqual(error._tag === "AuthorizationRefused" ? String(error.code) : "", code)
      })
    }

    it("is shown cleaned and shortened [6749-4.1.2.1-d]", () => {
      const error = failure(
        `error=x&state=s3&error_description=AADSTS65004%3A+no.%0D%0ATrace%1b[31m+${"y".repeat(999)}`
      )
      const description = error._tag === "AuthorizationRefused" ? error.description : undefined

      assert.isTrue(description?.startsWith("AADSTS65004: no. Trace [31m yyy"))
      assert.strictEqual(description?.length, 300)
    })

    it("wins over a code", () => {
      assert.strictEqual(judged("code=c&error=access_denied&state=s3"), "AuthorizationRefused")
    })

    it("without a value is none", () => {
      assert.strictEqual(judged("code=c&error=&state=s3"), "c")
    })
  })

  describe("answers that cannot be read", () => {
    const cases: Record<string, readonly [string, string]> = {
      "no code [6749-4.1.2-c]": ["state=s3", "code-missing"],
      "a code without a value [6749-3.1-d]": ["code=&state=s3", "code-missing"],
      "nothing": ["", "state-mismatch"],
      "two codes [6749-3.1-f]": ["code=a&code=b&state=s3", "duplicate-parameter code"],
      "two equal codes [6749-3.1-f]": ["code=a&code=a&state=s3", "duplicate-parameter code"],
      "two states [6749-3.1-f]": ["code=a&state=s3&state=s3", "duplicate-parameter state"],
      "two issuers [6749-3.1-f]": ["code=a&state=s3&iss=a&iss=b", "duplicate-parameter iss"],
      "a code in brackets beside the code": ["code=a&code[]=b&state=s3", "duplicate-parameter code"],
      "a name that only decoding makes equal": ["code=a&c%6fde=b&state=s3", "duplicate-parameter code"],
      "a parameter of its own twice": ["code=a&state=s3&x=1&x=2", "duplicate-parameter"],
      "a broken escape": ["code=%zz&state=s3", "malformed code"],
      "a broken escape in a name": ["%zz=1&state=s3", "malformed"],
      "bytes that are not UTF-8": ["code=%ff&state=s3", "malformed code"],
      "NUL": ["code=a%00&state=s3", "malformed code"],
      "a line break [6749-10.14-a]": ["code=a%0d%0aSet-Cookie:x&state=s3", "malformed code"],
      "a line break in a parameter of its own": ["code=a&state=s3&x=%0a", "malformed"],
      "a code that is not ASCII": ["code=%C3%A9&state=s3", "malformed code"],
      "a value of a megabyte": [`code=${"x".repeat(1_000_000)}&state=s3`, "malformed"],
      "ten thousand parameters": [`code=a&state=s3${"&x".repeat(10_000)}`, "malformed"],
      "an error of control characters": ["error=%E2%80%8B&state=s3", "malformed error"],
      "an answer wrapped in a JWT": ["response=eyJ.eyJ.x", "unsupported-response"],
      "an access token [6749-4.2.2-a]": ["access_token=t&state=s3", "unsupported-response"],
      "an ID token beside the code": ["code=a&id_token=t&state=s3", "unsupported-response"]
    }
    for (const [name, [query, expected]] of Object.entries(cases)) {
      it(`are rejected: ${name}`, () => assert.strictEqual(judged(query), `CallbackRejected ${expected}`))
    }

    it("are rejected: tokens in the fragment [6749-4.2.2-a] [9700-2.1.2-a]", () => {
      assert.strictEqual(
        fromUrl("https://app.example/cb#access_token=t&state=s3"),
        "CallbackRejected unsupported-response"
      )
    })

    it("are rejected: a code in the query and in the fragment", () => {
      assert.strictEqual(
        fromUrl("https://app.example/cb?code=a&state=s3#code=b"),
        "CallbackRejected unsupported-response"
      )
    })

    it("are rejected: an address that is none", () => {
      assert.strictEqual(fromUrl("/cb?code=a&state=s3"), "CallbackRejected malformed")
    })

    it.prop("never throw", [Schema.Array(Schema.Literals(crumbs))], ([some]) => {
      const text = some.join("")
      const query = Result.flatMap(AuthorizationResponse.fromQuery(text), judge())
      const url = Result.flatMap(AuthorizationResponse.fromUrl(`https://app.example/cb?${text}`), judge())

      return Result.isResult(query) && Result.isResult(url)
    })
  })

  it("keeps code and state out of strings", () => {
    const query = `code=${canary}&state=${canary}`
    const response = AuthorizationResponse.fromUrl(`https://app.example/cb?${query}`)
    const right = Result.flatMap(response, judge({ state: Redacted.make(canary) }))
    const wrong = Result.flatMap(response, judge())

    assert.isTrue(Result.isSuccess(right) && Result.isFailure(wrong))
    assert.deepStrictEqual([response, right, wrong, Result.isFailure(wrong) && wrong.failure].flatMap(leaks), [])
  })
})

const crumbs = [
  "code",
  "state",
  "iss",
  "error",
  "response",
  "s3",
  "x",
  "=",
  "=",
  "&",
  "&",
  "%",
  "%41",
  "%ff",
  "+",
  "[",
  "]",
  "?",
  "#",
  "\ud800",
  "é",
  "\u0000"
]

const judge = (pending: Partial<AuthorizationRequest.PendingAuthorization> = {}) =>
(
  response: AuthorizationResponse.AuthorizationResponse
): Result.Result<AuthorizationResponse.Authorized, OAuthError.OAuthError> =>
  AuthorizationResponse.judge(response, {
    state: Redacted.make("s3"),
    key: "acme|as|app|ada",
    issuerParameter: "optional",
    redirectUri: "https://app.example/cb",
    scopes: [],
    ...pending
  })

const outcome = (result: Result.Result<AuthorizationResponse.Authorized, OAuthError.OAuthError>): string => {
  if (Result.isSuccess(result)) return Redacted.value(result.success.code)
  const { reason } = result.failure
  return reason._tag === "CallbackRejected"
    ? [reason._tag, reason.problem, reason.parameter].filter((part) => part !== undefined).join(" ")
    : reason._tag
}

const judged = (query: string, pending?: Partial<AuthorizationRequest.PendingAuthorization>): string =>
  outcome(Result.flatMap(AuthorizationResponse.fromQuery(query), judge(pending)))

const fromUrl = (url: string, pending?: Partial<AuthorizationRequest.PendingAuthorization>): string =>
  outcome(Result.flatMap(AuthorizationResponse.fromUrl(url), judge(pending)))

const success = (query: string): AuthorizationResponse.Authorized =>
  Result.getOrThrow(Result.flatMap(AuthorizationResponse.fromQuery(query), judge({ issuer: "https://as.example" })))

const failure = (query: string): OAuthError.OAuthErrorReason =>
  Result.getOrThrow(Result.flip(Result.flatMap(AuthorizationResponse.fromQuery(query), judge()))).reason
