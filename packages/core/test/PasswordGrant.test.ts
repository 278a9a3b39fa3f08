import { PasswordGrant } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { canary, leaks } from "./support/secrets.ts"

describe("PasswordGrant", () => {
  it("names grant, person and password [6749-4.3.2-a]", () => {
    const password = Redacted.make("pw")

    assert.deepStrictEqual(PasswordGrant.make({ username: "ada", password, scope: "a" }), {
      grantType: "password",
      parameters: [["username", "ada"], ["password", password], ["scope", "a"]]
    })
  })

  it("keeps the password out of strings [6749-4.3.1-a]", () => {
    assert.deepStrictEqual(leaks(PasswordGrant.make({ username: "ada", password: Redacted.make(canary) })), [])
  })
})
