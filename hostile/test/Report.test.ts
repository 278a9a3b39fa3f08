import { assert, describe, it } from "@effect/vitest"
import { report, type Test } from "../src/Report.ts"
import { rows } from "../src/Rows.ts"

describe("Report", () => {
  const passed = Object.keys(rows).map((id): Test => ({ title: `a fact [${id}]`, outcome: "passed" }))

  it("counts eighty rows", () => {
    assert.deepStrictEqual(report(passed), { rows: 80, passed: 80, failed: [] })
  })

  it("counts a row without a test as failed", () => {
    assert.deepStrictEqual(report(passed.slice(1)), { rows: 80, passed: 79, failed: ["A01"] })
  })

  for (const outcome of ["failed", "skipped"] as const) {
    it(`counts a row with a test that was ${outcome} as failed, whatever its others say`, () => {
      assert.deepStrictEqual(report([...passed, { title: "another [B04] [B05]", outcome }]).failed, ["B04", "B05"])
    })
  }
})
