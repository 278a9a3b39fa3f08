import { OAuthError, RemoteText } from "@effect-oauth/core"
import { Problem } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Crypto from "node:crypto"
import * as Browsers from "./support/Browser.ts"

describe("Problem", () => {
  it.effect("is a page for a browser", () =>
    Effect.gen(function*() {
      const { body, headers, status } = yield* shown(Problem.make("declined"), Browsers.accept)

      assert.strictEqual(status, 403)
      assert.strictEqual(headers["content-type"], "text/html; charset=utf-8")
      assert.strictEqual(headers["vary"], "accept")
      assert.include(body, "<h1>Access was declined</h1>")
    }))

  const programs = [
    "application/json",
    "application/problem+json",
    "*/*",
    "",
    "application/json, text/html;q=0.5",
    "text/html;q=0, application/json",
    "text/htmlx"
  ]
  for (const accept of programs) {
    it.effect(`is problem details for a program that accepts ${JSON.stringify(accept)}`, () =>
      Effect.gen(function*() {
        const { body, headers, status } = yield* shown(Problem.make("declined"), accept)

        assert.strictEqual(status, 403)
        assert.strictEqual(headers["content-type"], "application/problem+json")
        assert.deepStrictEqual(JSON.parse(body), {
          type: "about:blank",
          status: 403,
          title: "Access was declined",
          detail: Problem.make("declined").detail,
          kind: "declined"
        })
      }))
  }

  it.effect("names the reason and what the other side said to a program", () =>
    Effect.gen(function*() {
      const { body } = yield* shown(Problem.fromError(refusal), "application/json")

      const { kind, reason, said } = JSON.parse(body)
      assert.deepStrictEqual({ kind, reason, said }, { kind: "refused", reason: "RequestRefused", said: hostile })
    }))

  it.effect("shows a person what the other side said, and lets none of it act", () =>
    Effect.gen(function*() {
      const { body } = yield* shown(Problem.fromError(refusal), Browsers.accept)

      assert.notMatch(body, /<script|<img|onerror="|<\/blockquote><b>/)
      assert.include(body, "&#60;script&#62;")
    }))

  it.effect("escapes what the application calls itself, and where it is", () =>
    Effect.gen(function*() {
      const { body } = yield* shown(Problem.make("stale"), Browsers.accept, {
        application: "<b>&",
        home: "/\"><script>",
        again: "/'><script>"
      })

      assert.notMatch(body, /<script>|<b>/)
    }))

  it.effect("runs nothing, loads nothing, and is shown in no frame", () =>
    Effect.gen(function*() {
      const { body, headers } = yield* shown(Problem.make("stale"), Browsers.accept)

      const [, style = ""] = /<style>(.*?)<\/style>/s.exec(body) ?? []
      const digest = Crypto.createHash("sha256").update(style).digest("base64")
      assert.strictEqual(
        headers["content-security-policy"],
        `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`
      )
      assert.notMatch(body, /<script|<link|<img|@import|url\(/)
      assert.strictEqual(headers["referrer-policy"], "no-referrer")
      assert.strictEqual(headers["cache-control"], "no-store")
    }))

  it.effect("is a page with a language, a title and one heading", () =>
    Effect.gen(function*() {
      const { body } = yield* shown(Problem.make("stale"), Browsers.accept)

      assert.match(body, /<html lang="en">/)
      assert.match(body, /<title>This login is over<\/title>/)
      assert.lengthOf(body.match(/<h1>/g) ?? [], 1)
      assert.match(body, /<main>/)
    }))

  it.effect("says when to come again", () =>
    Effect.gen(function*() {
      const error = OAuthError.make(
        "TokenService",
        "token",
        new OAuthError.RenewalPending({ why: "backing-off", retryAfter: Duration.millis(1_500) })
      )

      const { headers, status } = yield* shown(Problem.fromError(error), "")

      assert.deepStrictEqual([status, headers["retry-after"]], [503, "2"])
    }))

  it("does not tell the message of an error", () => {
    const error = OAuthError.make("X", "y", new OAuthError.ConfigurationInvalid({ field: "path", problem: "/etc" }))

    assert.notMatch(JSON.stringify(Problem.fromError(error)), /etc/)
  })

  it("has no kind that it was not given", () => {
    assert.deepStrictEqual(["", "toString", "__proto__", "constructor"].map(Problem.fromName), [
      undefined,
      undefined,
      undefined,
      undefined
    ])
  })
})

const hostile = RemoteText.fromUnknown(`<script>alert(1)</script></blockquote><b>"'<img src=x onerror="x">`)

const refusal = OAuthError.make(
  "PushedAuthorization",
  "push",
  new OAuthError.RequestRefused({
    code: RemoteText.fromUnknown("invalid_request") ?? assert.fail(),
    description: hostile,
    status: 400
  })
)

const shown = Effect.fnUntraced(function*(
  problem: Problem.Problem,
  accept: string,
  options?: Problem.PageOptions
) {
  const request = HttpServerRequest.fromWeb(new Request("https://app.test/", { headers: { accept } }))
  const response = HttpServerResponse.toWeb(Problem.respond(problem, request, options))
  const body = yield* Effect.promise(() => response.text())
  return { status: response.status, headers: Object.fromEntries(response.headers), body }
})
