import { ReturnAddress } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"

describe("ReturnAddress", () => {
  const kept = ["/", "/albums", "/albums?page=2&q=a%2Fb#top", "/a//b", "/%2f/evil.test", "/@evil.test", "/a:b"]
  for (const text of kept) {
    it(`keeps ${text}`, () => {
      assert.strictEqual(ReturnAddress.parse(text, origin), text)
    })
  }

  it("gives a path as a browser reads it", () => {
    assert.strictEqual(ReturnAddress.parse("/a/../b/./c", origin), "/b/c")
  })

  const refused = [
    "https://evil.test/",
    "https://app.test/",
    "https://app.test@evil.test/",
    "https:evil.test",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "/a\\b",
    "/\t/evil.test",
    "/\n/evil.test",
    "/a b",
    "/.//evil.test",
    "/..//evil.test",
    "/a/..//evil.test",
    "/%2e%2e//evil.test",
    "evil.test",
    "@evil.test",
    ".evil.test",
    "?//evil.test",
    "#//evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "/ä",
    "/\u2215evil.test",
    "/\u0000",
    `/${"a".repeat(2_048)}`,
    ""
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text).slice(0, 60)} [9700-4.11.1-a]`, () => {
      assert.isUndefined(ReturnAddress.parse(text, origin))
    })
  }
})

const origin = "https://app.test"
