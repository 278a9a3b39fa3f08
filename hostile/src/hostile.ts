/**
 * Tries everything that a hostile server, browser or neighbour can do, and tells how it went:
 *
 *     npm run hostile -- [--json]
 *
 * The last line is `{ rows, passed, failed }`: how many kinds of behaviour are listed, how many of them the tests have
 * shown to be met, and which have not been. With `--json` it is the only one on the standard output.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { report, type Test } from "./Report.ts"
import { rows } from "./Rows.ts"

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } })

const root = path.resolve(import.meta.dirname, "../..")
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hostile-"))
const file = path.join(folder, "report.json")
const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
const run = spawnSync(
  process.execPath,
  [vitest, "run", "--project", "hostile", "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`],
  { cwd: root, stdio: ["ignore", 2, 2] }
)

const told: {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
} = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : { testResults: [] }
fs.rmSync(folder, { recursive: true })

const tests = told.testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(({ status, title }): Test => ({
    title,
    outcome: status === "passed" || status === "failed" ? status : "skipped"
  }))
)
const outcome = report(tests)
if (!values.json) {
  for (const [id, subject] of Object.entries(rows)) {
    const own = tests.filter(({ title }) => title.includes(`[${id}]`)).length
    console.log(`${outcome.failed.includes(id) ? "FAIL" : "ok  "} ${id} ${subject} (${own})`)
  }
}
console.log(JSON.stringify(outcome))
process.exitCode = outcome.failed.length > 0 || run.status !== 0 ? 1 : 0
