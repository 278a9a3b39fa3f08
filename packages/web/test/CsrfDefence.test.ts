import { CsrfDefence } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { HttpServerRequest } from "effect/http"

describe("CsrfDefence", () => {
  const cases: ReadonlyArray<
    readonly [name: string, headers: Record<string, string>, form: boolean, script: boolean]
  > = [
    ["nothing", {}, false, false],
    ["the header alone", { "x-csrf": "1" }, false, true],
    ["the header, from this origin", { "x-csrf": "1", "origin": "https://app.test" }, true, true],
    ["the header, from this page", { "x-csrf": "1", "sec-fetch-site": "same-origin" }, true, true],
    ["the header, from another origin", { "x-csrf": "1", "origin": "https://evil.test" }, false, false],
    ["the header, from another host of the domain", { "x-csrf": "1", "sec-fetch-site": "same-site" }, false, false],
    ["the header, from another site", { "x-csrf": "1", "sec-fetch-site": "cross-site" }, false, false],
    ["the header, from no origin", { "x-csrf": "1", "origin": "null" }, false, false],
    ["a form of this page", { "sec-fetch-site": "same-origin", "origin": "https://app.test" }, true, false],
    ["a form of a page without referrer", { "sec-fetch-site": "same-origin", "origin": "null" }, true, false],
    ["a form of another site", { "sec-fetch-site": "cross-site", "origin": "https://evil.test" }, false, false],
    ["a form of a frame without origin", { "sec-fetch-site": "cross-site", "origin": "null" }, false, false],
    ["a form of a similar origin", { "origin": "https://app.test.evil.test" }, false, false],
    ["a form of the same host by http", { "origin": "http://app.test" }, false, false],
    ["an address that was typed", { "sec-fetch-site": "none" }, false, false]
  ]
  for (const [name, headers, form, script] of cases) {
    it(`lets ${form ? "a form" : "no form"} and ${script ? "a script" : "no script"} pass with ${name}`, () => {
      const request = HttpServerRequest.fromWeb(new Request("https://app.test/x", { method: "POST", headers }))
      const options = { origin: "https://app.test" }

      assert.deepStrictEqual(
        [CsrfDefence.form(request, options)?.status, CsrfDefence.script(request, options)?.status],
        [form ? undefined : 403, script ? undefined : 403]
      )
    })
  }

  it("asks for another header where one is named", () => {
    const request = HttpServerRequest.fromWeb(new Request("https://app.test/x", { headers: { "x-csrf": "1" } }))

    assert.strictEqual(CsrfDefence.script(request, { origin: "https://app.test", header: "X-Mine" })?.status, 403)
  })
})
