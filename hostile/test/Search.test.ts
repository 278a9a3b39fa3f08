/** The search finds what it should: a secret is planted in every form, and found in each. */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { reviewed, unreviewed } from "../src/canary/Reviewed.ts"
import { search } from "../src/canary/Search.ts"

const secret = "Zq3vK8xTn1LwYb6RdGh2Mc9PsFj4Ua7E0iOe5"
const planted: Readonly<Record<string, string>> = {
  "as it is": secret,
  "in a sentence": `could not use ${secret}, sorry`,
  "its beginning": `${secret.slice(0, 20)}…`,
  "its end": `…${secret.slice(-20)}`,
  "its middle": secret.slice(7, 24),
  "percent-encoded": Array.from(secret).map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(""),
  "percent-encoded twice": encodeURIComponent(
    Array.from(secret).map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("")
  ),
  "in a form": new URLSearchParams({ token: secret, other: "x" }).toString(),
  "in Base64": Buffer.from(secret).toString("base64"),
  "in Base64 of something around it": Buffer.from(`ab:${secret}`).toString("base64"),
  "in Base64 after a letter": Buffer.from(`a${secret}`).toString("base64url"),
  "in Base64 of JSON": Buffer.from(JSON.stringify({ rt: secret })).toString("base64url"),
  "in Base64 twice": Buffer.from(Buffer.from(secret).toString("base64")).toString("base64"),
  "in Basic credentials": `Basic ${Buffer.from(`app:${secret}`).toString("base64")}`,
  "in hexadecimal": Buffer.from(secret).toString("hex"),
  "in hexadecimal with spaces": Buffer.from(secret).toString("hex").replace(/../g, "$& "),
  "as bytes": JSON.stringify([...Buffer.from(secret)]),
  "as JSON": JSON.stringify(JSON.stringify({ secret })),
  "in \\u escapes": Array.from(secret).map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join(""),
  "in \\x escapes": Array.from(secret).map((letter) => `\\x${letter.charCodeAt(0).toString(16)}`).join(""),
  "over lines": secret.replace(/.{7}/g, "$&\n    "),
  "in pieces of text": `'${secret.slice(0, 18)}' +\n  '${secret.slice(18)}'`,
  "in a list of letters": Array.from(secret).map((letter) => `"${letter}"`).join(", ")
}

describe("the search for canaries", () => {
  for (const [name, text] of Object.entries(planted)) {
    it(`finds a secret ${name}`, () => {
      const finds = search([{ place: "a log", text: `before ${text} after` }], { token: secret, other: "x".repeat(40) })

      assert.deepStrictEqual(finds.map(({ place, secret }) => [place, secret]), [["a log", "token"]])
    })
  }

  it("finds nothing where there is nothing", () => {
    const text = `<redacted> ${secret.slice(0, 8)} ${Array.from(secret).reverse().join("")} ${"abc ".repeat(1_000)}`

    assert.deepStrictEqual(search([{ place: "a log", text }], { token: secret }), [])
  })

  it("passes over only what was reviewed, place and secret", () => {
    const find = (place: string, secret: string, before = "") => ({ place, secret, before, around: before })
    const span = "apps/cli/test/Login.integration.test.ts: span GET"
    const finds = [
      find("token: stdout", "access token 9"),
      find("token: stderr", "access token 9"),
      find("token: stdout", "refresh token 9"),
      find("login: stderr", "state 4"),
      find("login: stderr", "code"),
      find(span, "4bTz", "https://as.test/authorize?scope=openid&state=x-"),
      find(span, "4bTz", "https://as.test/authorize?state=x&code="),
      find(span, "4bTz"),
      find(span.replace("apps", "packages"), "4bTz", "?state=")
    ]

    assert.deepStrictEqual(unreviewed(finds), finds.filter((_, index) => [1, 2, 4, 6, 7, 8].includes(index)))
  })

  for (const { by, reason } of reviewed) {
    it(`knows the line of ${by.file} that puts it there, and why it may: ${by.code}`, () => {
      const lines = fs.readFileSync(path.resolve(import.meta.dirname, "../..", by.file), "utf8").split("\n")

      assert.lengthOf(lines.filter((line) => line.includes(by.code)), 1)
      assert.isAbove(reason.length, 20)
    })
  }
})
