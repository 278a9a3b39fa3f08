/**
 * The matrix keeps its rows whole, and counts only what a test shows.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import {
  idsOf,
  markdown,
  type Place,
  prefixesOf,
  type Row,
  rowFaults,
  rowsOf,
  type Specification,
  stand,
  strayIds,
  summarize,
  type Test,
  withoutIds
} from "../conformance/Matrix.ts"

describe("Conformance", () => {
  describe("rows", () => {
    it("are all there, by tier", () => {
      const tiers = rowsOf(specifications()).map(({ tier }) => tier)

      assert.deepStrictEqual([1, 2, 3].map((tier) => tiers.filter((other) => other === tier).length), [364, 284, 173])
    })

    it("are whole", () => {
      assert.deepStrictEqual(rowFaults(specifications()), [])
    })

    it("say their requirement in one line", () => {
      const long = rowsOf(specifications()).filter(({ requirement }) => !/^[^\n]{10,120}$/.test(requirement))

      assert.deepStrictEqual(long, [])
    })

    const broken: ReadonlyArray<readonly [fault: string, rows: ReadonlyArray<Row>]> = [
      ["a-1-a is there twice", [row("a-1-a"), row("a-1-a")]],
      ["a1 is no id", [row("a1")]],
      ["a-1-a is documented, but binds the library: it wants a test", [row("a-1-a", { documented: place() })]],
      ["a-1-a is both documented and not applicable", [
        row("a-1-a", { app: true, documented: place(), notApplicable: place() })
      ]]
    ]
    for (const [fault, rows] of broken) {
      it(`are refused when ${fault}`, () => {
        assert.deepStrictEqual(rowFaults([{ spec: "A", title: "", url: "", rows }]), [fault])
      })
    }
  })

  describe("ids", () => {
    it("are what stands in brackets and begins as a row's does", () => {
      const title = "a list [1, 2] of \\u{1b}[0m is kept [a-1-a] [I12] [a-9] [b-2.1-c]"

      assert.deepStrictEqual(idsOf(title, new Set(["a", "b"])), ["a-1-a", "a-9", "b-2.1-c"])
    })

    it("leave a title that reads without them", () => {
      assert.strictEqual(withoutIds("keeps [1] the query [a-1-a] [b-2.1-c]"), "keeps [1] the query")
    })

    it("are stray when no row has them, or when a group carries them", () => {
      const tests = [test("x [a-1-z]"), { ...test("y"), groups: ["g [a-1-a]"] }, test("z [a-1-a] [other-1]")]

      assert.deepStrictEqual(strayIds([small], tests), [
        "T.test.ts: no row is called a-1-z",
        "T.test.ts: a-1-a is in the title of a group"
      ])
    })

    it("begin with one of the specifications' short names", () => {
      assert.deepStrictEqual([...prefixesOf([small])], ["a"])
    })
  })

  describe("standing", () => {
    it("is shown when a test with the id passed", () => {
      assert.strictEqual(stand([small], [test("x [a-1-a]")]).get("a-1-a")?.state, "shown")
    })

    it("is missing when the test with the id was skipped", () => {
      assert.strictEqual(stand([small], [test("x [a-1-a]", "skipped")]).get("a-1-a")?.state, "missing")
    })

    it("is missing when one of the tests with the id failed", () => {
      const tests = [test("x [a-1-a]"), test("y [a-1-a]", "failed")]

      assert.strictEqual(stand([small], tests).get("a-1-a")?.state, "missing")
    })

    it("is missing when only a group carries the id", () => {
      const tests = [{ ...test("x"), groups: ["g [a-1-a]"] }]

      assert.strictEqual(stand([small], tests).get("a-1-a")?.state, "missing")
    })

    it("is told by tier and by specification", () => {
      const { specs, tiers } = summarize([small], stand([small], [test("x [a-1-a]")]))

      assert.deepStrictEqual(tiers["1"], { rows: 2, shown: 1, documented: 1, notApplicable: 0, missing: [] })
      assert.deepStrictEqual(tiers["2"], { rows: 2, shown: 0, documented: 0, notApplicable: 1, missing: ["a-2-c"] })
      assert.deepStrictEqual(specs["A"], {
        rows: 4,
        shown: 1,
        documented: 1,
        notApplicable: 1,
        missing: ["a-2-c"]
      })
    })

    it("is written with the test's file, groups and title", () => {
      const page = markdown([small], stand([small], [test("keeps a | b [a-1-a]")]))

      assert.include(
        page,
        "| a-1-a | MUST | 1 | what is asked | [T.test.ts](../T.test.ts): Group keeps a \\| b |"
      )
    })
  })
})

const root = path.resolve(import.meta.dirname, "..")

const specifications = (): ReadonlyArray<Specification> =>
  fs.globSync("conformance/rows/*.json", { cwd: root })
    .map((file) => JSON.parse(fs.readFileSync(path.join(root, file), "utf8")))

function row(id: string, options?: Partial<Row>): Row {
  return { id, section: "1", level: "MUST", tier: 1, requirement: "what is asked", ...options }
}

function place(): Place {
  return { where: "docs/a.md#b", why: "it is the application's" }
}

const small: Specification = {
  spec: "A",
  title: "a",
  url: "https://a.example",
  rows: [
    row("a-1-a"),
    row("a-1-b", { app: true, documented: place() }),
    row("a-2-a", { tier: 2, notApplicable: place() }),
    row("a-2-c", { tier: 2 })
  ]
}

const test = (title: string, outcome: Test["outcome"] = "passed"): Test => ({
  file: "T.test.ts",
  groups: ["Group"],
  title,
  outcome
})
