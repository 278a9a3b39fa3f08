import type { OAuthError } from "@effect-oauth/core"
import { PasteLogin } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"

const redirectUri = "https://localhost/callback"
const address = `${redirectUri}?code=a.b-c_d&state=the-state`

describe("PasteLogin", () => {
  const accepted: Record<string, readonly [pasted: string, answer: string]> = {
    "the address": [address, address],
    "the address in quotes": [`"${address}"`, address],
    "the address in typographic quotes": [`“${address}”`, address],
    "the address in angle brackets": [` <${address}> `, address],
    "the address in backticks": [`\`${address}\``, address],
    "the address in parentheses": [`(${address})`, address],
    "the address with a quote left over": [`${address}"`, address],
    "an address that ends with a parenthesis": [
      `${redirectUri}?state=the-state&code=(a)`,
      `${redirectUri}?state=the-state&code=(a)`
    ],
    "an address that the terminal broke": [`${redirectUri}?code=a.b\r\n   -c_d&sta\nte=the-state\n`, address],
    "an address with invisible characters": [`\ufeff${redirectUri}?code=a.b\u200b-c_d&state=the-state\u200e`, address],
    "an address from a page's source": [`${redirectUri}?code=a.b-c_d&amp;state=the-state`, address],
    "an address without its scheme": ["localhost/callback?code=a.b-c_d&state=the-state", address],
    "a query": ["code=a.b-c_d&state=the-state", "code=a.b-c_d&state=the-state"],
    "a query with its mark": ["?state=the-state&code=a.b-c_d", "?state=the-state&code=a.b-c_d"],
    "an answer that is an error": ["?error=access_denied&state=the-state", "?error=access_denied&state=the-state"]
  }
  for (const [name, [pasted, answer]] of Object.entries(accepted)) {
    it.effect(`takes ${name}`, () =>
      Effect.gen(function*() {
        const { readLine } = terminal([pasted])

        assert.strictEqual(yield* PasteLogin.callback({ redirectUri, state, readLine }), answer)
      }))
  }

  const wrong: Record<string, readonly [pasted: string, problem: string]> = {
    "nothing": [" \n", "nothing was pasted"],
    "the code alone": ["secret-code", "only a part"],
    "the address where it starts": [
      `https://as.example/authorize?response_type=code&client_id=a&state=the-state`,
      "at which the login starts"
    ],
    "another address": ["https://evil.example/callback?code=secret-code&state=the-state", "another address"],
    "an address that goes on otherwise": [`${redirectUri}/x?code=secret-code&state=the-state`, "another address"],
    "an address cut before the state": [`${redirectUri}?code=secret-code`, "its end is missing"],
    "an address cut within the state": [`${redirectUri}?code=secret-code&state=the-st`, "another login"],
    "the answer to another login": [`${redirectUri}?code=secret-code&state=old`, "another login"],
    "two states": [`${redirectUri}?code=secret-code&state=the-state&state=the-state`, "another login"],
    "an answer in the fragment": [`${redirectUri}#code=secret-code&state=the-state`, "another address"],
    "a page without an answer": [redirectUri, "another address"]
  }
  for (const [name, [pasted, problem]] of Object.entries(wrong)) {
    it.effect(`asks again for ${name}, and says what to paste`, () =>
      Effect.gen(function*() {
        const { readLine, told } = terminal([pasted, address])

        const answer = yield* PasteLogin.callback({ redirectUri, state, readLine })

        assert.strictEqual(answer, address)
        assert.strictEqual(told.length, 2)
        assert.isUndefined(told[0])
        assert.include(told[1]?.message, problem)
        assert.include(told[1]?.message, `Paste the whole address`)
        for (const secret of ["secret-code", "the-st"]) assert.notInclude(told[1]?.message, secret)
      }))
  }

  it.effect("gives up after the third", () =>
    Effect.gen(function*() {
      const { readLine, told } = terminal(["a", "b", "", address])

      const error = yield* Effect.flip(PasteLogin.callback({ redirectUri, state, readLine }))

      assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      assert.include(error.message, "pasted address: nothing was pasted")
      assert.strictEqual(told.length, 3)
    }))

  it.effect("takes an address of a scheme of its own", () =>
    Effect.gen(function*() {
      const own = "adobe+0123456789://adobeid/client"
      const { readLine } = terminal([`${own}?code=c&state=the-state`])

      const answer = yield* PasteLogin.callback({ redirectUri: own, state, readLine })

      assert.strictEqual(answer, `${own}?code=c&state=the-state`)
    }))

  it.effect("takes an address as a browser writes a bare origin", () =>
    Effect.gen(function*() {
      const { readLine } = terminal(["https://localhost/?code=c&state=the-state"])

      const answer = yield* PasteLogin.callback({ redirectUri: "https://localhost", state, readLine })

      assert.strictEqual(answer, "https://localhost/?code=c&state=the-state")
    }))

  it.effect("fails as the reading does", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        PasteLogin.callback({ redirectUri, state, readLine: () => Effect.fail("closed" as const) })
      )

      assert.strictEqual(error, "closed")
    }))
})

const state = Redacted.make("the-state")

/** Somebody who pastes these, and what they were told before each. */
const terminal = (pastes: ReadonlyArray<string>) => {
  const told: Array<OAuthError.OAuthError | undefined> = []
  const readLine = (rejected: OAuthError.OAuthError | undefined) =>
    Effect.sync(() => {
      told.push(rejected)
      return pastes[told.length - 1] ?? ""
    })
  return { readLine, told }
}
