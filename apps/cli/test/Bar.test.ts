import * as Bar from "@effect-oauth/cli/Bar"
import * as Style from "@effect-oauth/cli/Style"
import { assert, describe, it } from "@effect/vitest"

describe("Bar", () => {
  describe("lifetime", () => {
    const cases: ReadonlyArray<readonly [left: number, of: number, bar: string]> = [
      [0, 100, "░░░░░░░░░░"],
      [1, 100, "█░░░░░░░░░"],
      [50, 100, "█████░░░░░"],
      [99, 100, "█████████░"],
      [100, 100, "██████████"],
      [200, 100, "██████████"],
      [-5, 100, "░░░░░░░░░░"],
      [5, 0, "░░░░░░░░░░"]
    ]
    for (const [left, of, bar] of cases) {
      it(`shows ${left} of ${of} as ${bar}`, () => {
        assert.strictEqual(Bar.lifetime({ left, of, style: Style.plain, width: 10 }), bar)
      })
    }

    it("turns yellow in the last quarter", () => {
      const style = Style.make(true)

      assert.include(Bar.lifetime({ left: 26, of: 100, style, width: 10 }), "\u001b[32m")
      assert.include(Bar.lifetime({ left: 25, of: 100, style, width: 10 }), "\u001b[33m")
    })
  })

  describe("duration", () => {
    const cases: ReadonlyArray<readonly [millis: number, text: string]> = [
      [0, "0 s"],
      [-1, "0 s"],
      [999, "0 s"],
      [59_999, "59 s"],
      [60_000, "1 min"],
      [3_661_000, "1 h 1 min"],
      [3_600_000 + 5_000, "1 h"],
      [14 * 86_400_000, "14 d"],
      [90_061_000, "1 d 1 h"]
    ]
    for (const [millis, text] of cases) {
      it(`writes ${millis} ms as ${text}`, () => {
        assert.strictEqual(Bar.duration(millis), text)
      })
    }
  })
})
