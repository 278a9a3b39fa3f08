import { RetryAfter } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"

describe("RetryAfter", () => {
  const now = Date.UTC(2030, 0, 1, 0, 0, 0)
  const seconds = (retryAfter: string | undefined, date?: string): number | undefined => {
    const wait = RetryAfter.fromHeaders({ "retry-after": retryAfter, date }, { now })
    return wait && Duration.toSeconds(wait)
  }

  const read: Record<string, number> = {
    "0": 0,
    "120": 120,
    " 120 ": 120,
    "0120": 120,
    "86401": 86_400,
    "315360000": 86_400,
    "99999999999999999999999999999999999": 86_400,
    "Tue, 01 Jan 2030 00:02:00 GMT": 120,
    "Tuesday, 01-Jan-30 00:02:00 GMT": 120,
    "Tue Jan  1 00:02:00 2030": 120,
    "Mon, 31 Dec 2029 23:00:00 GMT": 0,
    "Sun, 01 Jan 2040 00:00:00 GMT": 86_400
  }
  for (const [header, expected] of Object.entries(read)) {
    it(`reads ${JSON.stringify(header)} as ${expected} seconds`, () => assert.strictEqual(seconds(header), expected))
  }

  const unread = ["", "-1", "1.5", "1e9", "120, 120", "soon", "2030-01-01T00:02:00Z", "Tue, 32 Jan 2030 00:00:00 GMT"]
  for (const header of unread) {
    it(`reads nothing in ${JSON.stringify(header)}`, () => assert.isUndefined(seconds(header)))
  }

  it("reads nothing where there is none", () => assert.isUndefined(seconds(undefined)))

  it("measures a date from the answer's own date", () => {
    assert.strictEqual(seconds("Fri, 01 Jan 2021 00:01:00 GMT", "Fri, 01 Jan 2021 00:00:00 GMT"), 60)
  })

  it("measures a date from now where the answer's own date is none", () => {
    assert.strictEqual(seconds("Tue, 01 Jan 2030 00:02:00 GMT", "yesterday"), 120)
  })

  it("is cut at the cap that is asked for", () => {
    const wait = RetryAfter.fromHeaders({ "retry-after": "120" }, { now, cap: Duration.seconds(30) })

    assert.deepStrictEqual(wait, Duration.seconds(30))
  })
})
