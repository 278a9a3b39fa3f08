/** What a soak calls noise, and what the schedule promises. */
import { assert, describe, it } from "@effect/vitest"
import { promised } from "../src/soak/Settings.ts"
import * as Trend from "../src/soak/Trend.ts"

const samples = (value: (at: number) => number) =>
  Array.from({ length: 90 }, (_, index) => ({ at: index / 12, value: value(index / 12) }))

describe("a soak", () => {
  it("calls what goes up and down noise", () => {
    assert.isTrue(Trend.isNoise(Trend.of(samples((at) => 200 + 5 * Math.sin(at * 7))), 7.5))
  })

  it("calls what falls noise", () => {
    assert.isTrue(Trend.isNoise(Trend.of(samples((at) => 200 - at)), 7.5))
  })

  it("calls half a megabyte more a minute a leak, beneath noise of a megabyte", () => {
    assert.isFalse(Trend.isNoise(Trend.of(samples((at) => 200 + 0.5 * at + Math.sin(at * 50))), 7.5))
  })

  it("calls a step of a megabyte noise", () => {
    assert.isTrue(Trend.isNoise(Trend.of(samples((at) => at > 3 ? 201 : 200)), 7.5))
  })

  it("finds the slope and how far it can be trusted", () => {
    const { margin, mean, slope } = Trend.of(samples((at) => 100 + 2 * at))

    assert.approximately(slope, 2, 1e-9)
    assert.approximately(margin, 0, 1e-9)
    assert.isAbove(mean, 100)
  })

  it("promises four attempts for each rest, whose length doubles up to two seconds", () => {
    // at 0, 0.25, 0.75, 1.75, 3.75 and 5.75 seconds
    assert.deepStrictEqual([promised(0), promised(1), promised(6)], [4, 12, 24])
  })
})
