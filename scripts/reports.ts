// Where the suites leave their reports, and how they are read. A report counts only for the files that it was made of.
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Test } from "../conformance/Matrix.ts"

const root = path.resolve(import.meta.dirname, "..")
const directory = path.join(root, ".tmp", "reports")

export const reportFile = (suite: string): string => path.join(directory, `${suite.replaceAll(" ", "-")}.json`)

const stampFile = (suite: string): string => path.join(directory, `${suite.replaceAll(" ", "-")}.stamp`)

/** Every file of the repository that can change what the tests say. */
export const fingerprint = (): string => {
  const hash = createHash("sha256")
  const files = fs.globSync("{apps,conformance,examples,packages,scripts,test}/**/*.*", {
    cwd: root,
    exclude: ["**/{node_modules,dist,coverage}/**", "**/*.tsbuildinfo", "conformance/{rows/**,*.txt,*.md}"]
  })
  const settings = fs.globSync(["*.json", "*.yaml", "*.ts", "docs/guides/*.md"], { cwd: root })
  for (const file of [...files, ...settings].map((name) => name.replaceAll("\\", "/")).sort()) {
    const full = path.join(root, file)
    if (fs.statSync(full).isFile()) hash.update(`${file}\0`).update(fs.readFileSync(full)).update("\0")
  }
  return hash.digest("hex")
}

/** Takes away what an earlier run left. */
export const forget = (suite: string): void => {
  fs.mkdirSync(directory, { recursive: true })
  fs.rmSync(reportFile(suite), { force: true })
  fs.rmSync(stampFile(suite), { force: true })
}

/** Says of what the report is one: taken before the suite began. */
export const stamp = (suite: string, of: string): void => fs.writeFileSync(stampFile(suite), of)

/** The tests of a suite's last run, unless a file has changed since. */
export const reportOf = (suite: string): ReadonlyArray<Test> | undefined => {
  if (!fs.existsSync(reportFile(suite)) || !fs.existsSync(stampFile(suite))) return undefined
  if (fs.readFileSync(stampFile(suite), "utf8") !== fingerprint()) return undefined
  const report: VitestReport = JSON.parse(fs.readFileSync(reportFile(suite), "utf8"))
  return report.testResults.flatMap(({ assertionResults, name }) =>
    assertionResults.map(({ ancestorTitles, status, title }): Test => ({
      file: path.relative(root, name).replaceAll("\\", "/"),
      groups: ancestorTitles,
      title,
      outcome: status === "passed" || status === "failed" ? status : "skipped"
    }))
  )
}

/** What is read of vitest's JSON report; the type tests write theirs in the same form. */
export interface VitestReport {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{
      readonly ancestorTitles: ReadonlyArray<string>
      readonly title: string
      readonly status: string
    }>
  }>
}
