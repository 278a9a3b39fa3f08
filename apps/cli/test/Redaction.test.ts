import * as Redaction from "@effect-oauth/cli/Redaction"
import { assert, describe, it } from "@effect/vitest"
import { HttpClientRequest, HttpClientResponse } from "effect/http"

describe("Redaction", () => {
  describe("header", () => {
    const secrets = ["authorization", "Cookie", "set-cookie", "x-api-key", "DPoP", "x-session-id", "x-amz-signature"]
    for (const name of secrets) {
      it(`hides ${name}`, () => {
        assert.strictEqual(Redaction.header(name, "hush"), "<redacted>")
      })
    }

    it("keeps the scheme of credentials", () => {
      assert.strictEqual(Redaction.header("authorization", "Bearer hush"), "Bearer <redacted>")
    })

    it("keeps what is no secret", () => {
      assert.strictEqual(Redaction.header("content-type", "text/plain"), "text/plain")
      assert.strictEqual(Redaction.header("www-authenticate", "Bearer error=\"x\""), "Bearer error=\"x\"")
    })
  })

  describe("answer", () => {
    it("hides the credentials of the request where the API quotes them, in whatever header", () => {
      const request = HttpClientRequest.get("https://a.example", {
        headers: { authorization: "Bearer hush-token", dpop: "hush.proof" }
      })
      const response = HttpClientResponse.fromWeb(
        request,
        new Response(null, {
          headers: {
            "www-authenticate": "Bearer error_description=\"hush-token is old\"",
            "x-echo": "hush.proof with hush-token",
            "x-page": "2"
          }
        })
      )

      assert.deepStrictEqual(Object.fromEntries(Redaction.answer(response)), {
        "www-authenticate": "Bearer error_description=\"<redacted> is old\"",
        "x-echo": "<redacted> with <redacted>",
        "x-page": "2"
      })
    })
  })

  describe("url", () => {
    it("hides secrets of the query, and keeps the rest", () => {
      assert.strictEqual(
        Redaction.url("https://a.example/p?access_token=hush&page=2&code=hush"),
        "https://a.example/p?access_token=<redacted>&page=2&code=<redacted>"
      )
    })

    it("hides a user and a password", () => {
      assert.notInclude(Redaction.url("https://user:hush@a.example/"), "hush")
    })

    it("shows nothing of what is no address", () => {
      assert.strictEqual(Redaction.url("hush"), "<not an address>")
    })
  })
})
