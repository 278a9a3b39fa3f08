import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

// The page of facts names a test for each; this file fails when one of them is gone.
const page = fs.readFileSync(path.resolve(import.meta.dirname, "../../../docs/guides/frameio-facts.md"), "utf8")

describe("docs/guides/frameio-facts.md", () => {
  it("holds facts", () => {
    assert.isAtLeast(facts().length, 60)
  })

  for (const { fact, known, source, test } of facts()) {
    it(`names a test that there is: ${fact}`, () => {
      const [file = "", title = ""] = test.split(" › ")

      assert.isTrue(titlesOf(file).some((pattern) => pattern.test(title)), `no test of ${file} is called "${title}"`)
    })

    it(`says how it is known, and where it is said: ${fact}`, () => {
      assert.include(["vendor", "vendor, twice", "third party", "inferred"], known)
      for (const label of labelsOf(source)) assert.include(page, `\n[${label}]: https://`)
      assert.isAtLeast(labelsOf(source).length, 1)
    })
  }

  it("has a source for every link below", () => {
    const defined = [...page.matchAll(/^\[([^\]]+)\]: /gm)].map(([, label]) => label)
    const used = new Set(labelsOf(page))

    assert.deepStrictEqual(defined.filter((label) => !used.has(label ?? "")), [])
  })
})

function facts() {
  const [confirmed = ""] = page.split("\n## Not confirmed")
  return [...confirmed.matchAll(/^\| (.+) \|$/gm)].flatMap(([, row = ""]) => {
    const [fact = "", known = "", source = "", test = ""] = row.split(" | ").map((cell) => cell.trim())
    return fact === "fact" || /^-+$/.test(fact) ? [] : [{ fact, known, source, test }]
  })
}

function labelsOf(text: string): ReadonlyArray<string> {
  return [...text.matchAll(/\]\[([^\]]+)\]/g)].map(([, label = ""]) => label)
}

/** The titles of a file's tests; what a template leaves open may be anything. */
function titlesOf(file: string): ReadonlyArray<RegExp> {
  const source = fs.readFileSync(path.join(import.meta.dirname, `${file}.test.ts`), "utf8")
  const written = [...source.matchAll(/\bit(?:\.effect)?\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g)]
  const listed = [...source.matchAll(/^\s*\[\s*\n?\s*"((?:[^"\\]|\\.)*)",$/gm)]
  return [
    ...written.map(([, plain, template]) => plain ?? template ?? ""),
    ...listed.map(([, title = ""]) => title)
  ].flatMap((title) => {
    const parts = title.split(/\$\{[^}]*\}/)
    // a template of hardly any words would fit everything
    return parts.join("").length < 15 ? [] : [new RegExp(`^${parts.map(escape).join(".+")}$`)]
  })
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")
}
