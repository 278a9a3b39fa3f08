import { InitiatedLogin } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

const options = { issuers: ["https://op.test", "https://other.test"], origin: "https://app.test" }

describe("InitiatedLogin", () => {
  it("tells at which server to sign in, who, and where to go then [OIDC-4-a]", () => {
    const address = "https://app.test/start?iss=https%3A%2F%2Fop.test&login_hint=ada&target_link_uri=" +
      encodeURIComponent("https://app.test/inbox?a=1")

    assert.deepStrictEqual(Result.getOrThrow(InitiatedLogin.read(address, options)), {
      issuer: "https://op.test",
      loginHint: "ada",
      target: "https://app.test/inbox?a=1"
    })
  })

  it("passes over what it does not know, in an address and in a form [OIDC-4-c]", () => {
    const read = InitiatedLogin.read("iss=https%3A%2F%2Fother.test&lti_message_hint=1&foo=a&foo=b&login_hint=", options)

    assert.deepStrictEqual(Result.getOrThrow(read), { issuer: "https://other.test" })
  })

  const refused: ReadonlyArray<readonly [title: string, query: string, problem: string]> = [
    ["an issuer that nobody knows [OIDC-4-a]", "iss=https://evil.test", "issuer-mismatch"],
    ["an issuer in other letters [OIDC-4-a]", "iss=https://OP.test", "issuer-mismatch"],
    ["an issuer without TLS [OIDC-4-a]", "iss=http://op.test", "issuer-mismatch"],
    ["no issuer", "login_hint=ada", "issuer-missing"],
    ["two issuers", "iss=https://op.test&iss=https://op.test", "duplicate-parameter"],
    [
      "a way out of the application [OIDC-4-b]",
      "iss=https://op.test&target_link_uri=https://evil.test/",
      "redirect-uri-mismatch"
    ],
    [
      "a host that only begins like the application [OIDC-4-b]",
      "iss=https://op.test&target_link_uri=https://app.test.evil.test/",
      "redirect-uri-mismatch"
    ],
    [
      "a user name that looks like the application [OIDC-4-b]",
      "iss=https://op.test&target_link_uri=https://app.test@evil.test/",
      "redirect-uri-mismatch"
    ],
    [
      "a script [OIDC-4-b]",
      "iss=https://op.test&target_link_uri=javascript:alert(1)",
      "redirect-uri-mismatch"
    ],
    ["a path alone", "iss=https://op.test&target_link_uri=//evil.test/", "redirect-uri-mismatch"],
    ["a megabyte", `iss=${"x".repeat(1_000_000)}`, "malformed"]
  ]
  for (const [title, query, problem] of refused) {
    it(`refuses ${title}`, () => {
      const read = InitiatedLogin.read(`https://app.test/start?${query}`, options)

      const reason = Result.isFailure(read) ? read.failure.reason : undefined
      assert.strictEqual(String(reason?._tag === "CallbackRejected" && reason.problem), problem)
    })
  }
})
