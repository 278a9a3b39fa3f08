import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

const folder = path.resolve(import.meta.dirname, "../docs/decisions")

const pages = fs.readdirSync(folder).filter((name) => name.endsWith(".md")).sort()

describe("decisions", () => {
  it("have each a number of their own, without a gap", () => {
    assert.deepStrictEqual(pages.map((name) => Number(name.slice(0, 4))), pages.map((_, index) => index + 1))
  })

  for (const name of pages) {
    it(`${name} says its number, context, choice and consequences`, () => {
      const text = fs.readFileSync(path.join(folder, name), "utf8")

      assert.match(text, new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S`))
      for (const heading of ["Context", "Choice", "Consequences"]) {
        assert.match(text, new RegExp(`^## ${heading}$`, "m"))
      }
    })
  }
})
