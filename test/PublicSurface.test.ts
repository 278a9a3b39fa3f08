/**
 * What no public module offers.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

describe("PublicSurface", () => {
  it("keeps the password grant in a module of its own, which says not to use it [6749-10.7-a] [9700-2.4-a]", () => {
    const password = source("packages/core/src/PasswordGrant.ts")
    const others = Object.entries(sources()).filter(([file, text]) =>
      !/PasswordGrant\.ts$|\/testing\//.test(file) && /grantType: "password"|"password"\s*[,)]/.test(text)
    )

    assert.match(password, /@deprecated/)
    assert.match(password, /RFC 9700, section 2\.4/)
    assert.deepStrictEqual(others.map(([file]) => file), [])
  })

  it("compares states, nonces and hashes in a time that tells nothing [OIDC-16.12-a]", () => {
    const compared = {
      "packages/core/src/AuthorizationResponse.ts": ["state"],
      "packages/core/src/jose/internal/claims.ts": ["nonce", "hash"]
    }

    assert.include(source("packages/core/src/internal/text.ts"), "Mac.timingSafeEqual(")
    assert.include(source("packages/node/src/internal/state.ts"), "Mac.timingSafeEqual(")
    for (const [file, names] of Object.entries(compared)) {
      const calls = source(file).match(/sameText\([^\n]*/g) ?? []
      assert.isAtLeast(calls.length, names.length, file)
    }
  })

  it("keeps nothing in cookies that scripts write [10017-8-a]", () => {
    const files = Object.entries(sources()).filter(([, text]) => /document\.cookie|cookieStore/.test(text))

    assert.deepStrictEqual(files.map(([file]) => file), [])
  })

  it("has no way to switch the check of certificates off [6749-10.9-a] [2.1-1.5-b]", () => {
    const files = Object.entries(sources()).filter(([, text]) => /rejectUnauthorized|NODE_TLS_REJECT/.test(text))

    assert.deepStrictEqual(files.map(([file]) => file), [])
  })
})

const root = path.resolve(import.meta.dirname, "..")

const source = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

const sources = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fs.globSync("packages/*/src/**/*.ts", { cwd: root }).map((file) => [file.replaceAll("\\", "/"), source(file)])
  )
