/** What the tests have shown of the rows. */
import { rows } from "./Rows.ts"

/** A test as a runner reports it. */
export interface Test {
  readonly title: string
  readonly outcome: "passed" | "failed" | "skipped"
}

/** How the rows stand. */
export interface Report {
  readonly rows: number
  readonly passed: number
  /** Rows without a test that passed, or with one that did not. */
  readonly failed: ReadonlyArray<string>
}

/** A row has passed when it has a test, and all of its tests have passed. */
export const report = (tests: ReadonlyArray<Test>): Report => {
  const failed = Object.keys(rows).filter((id) => {
    const own = tests.filter(({ title }) => title.includes(`[${id}]`))
    return own.length === 0 || own.some(({ outcome }) => outcome !== "passed")
  })
  const count = Object.keys(rows).length
  return { rows: count, passed: count - failed.length, failed }
}
