// How the library stands to every requirement that the specifications put on a client:
//
//   node scripts/conformance.ts [--json | --check | --write]
//
// Reads the reports of the last run of the tests, or runs them when a file has changed since. Prints a table; with
// `--json` its last line is one JSON object. `--write` writes `docs/conformance.md` and adds what is shown now to
// `conformance/shown.txt`; a row leaves that list only by hand. `--check` is the gate: it fails when a row of the list
// is not shown any more, or when the page is out of date.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import {
  markdown,
  type Place,
  rowFaults,
  rowsOf,
  type Specification,
  stand,
  strayIds,
  summarize,
  table,
  type Test
} from "../conformance/Matrix.ts"
import { anchorsOf } from "./anchors.ts"
import { reportOf } from "./reports.ts"

const suites = ["unit", "integration", "type tests"]

const root = path.resolve(import.meta.dirname, "..")
const page = path.join(root, "docs/conformance.md")
const list = path.join(root, "conformance/shown.txt")

/** The order in which the page tells of the specifications. */
const order = ["rfc6749", "rfc6750", "rfc7636", "oauth21", "rfc9700", "rfc8252", "rfc8628", "rfc7009", "rfc7662"]

const specifications: ReadonlyArray<Specification> = fs.readdirSync(path.join(root, "conformance/rows"))
  .map((file) => path.basename(file, ".json"))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  .map((name) => JSON.parse(fs.readFileSync(path.join(root, "conformance/rows", `${name}.json`), "utf8")))

function rank(name: string): number {
  const index = order.indexOf(name)
  return index < 0 ? order.length : index
}

const reports = (): ReadonlyArray<ReadonlyArray<Test>> | undefined => {
  const read = suites.map(reportOf)
  return read.every((report) => report !== undefined) ? read : undefined
}

const tests = (): ReadonlyArray<Test> => {
  if (reports() === undefined) {
    console.error("conformance: a file changed since the last run; running the tests")
    spawnSync(process.execPath, [path.join(root, "scripts/test.ts"), "test", ...suites], {
      cwd: root,
      stdio: ["ignore", 2, 2]
    })
  }
  const read = reports()
  if (read === undefined) throw new Error("The tests left no report.")
  return read.flat()
}

const placeFaults = (id: string, { where, why }: Place): ReadonlyArray<string> => {
  const [file = "", heading] = where.split("#")
  if (why === "") return [`${id}: says no reason`]
  if (!fs.existsSync(path.join(root, file))) return [`${id}: ${file} is not there`]
  if (!file.endsWith(".md")) return []
  if (heading === undefined) return [`${id}: ${file} is a long page; name the heading`]
  return anchorsOf(fs.readFileSync(path.join(root, file), "utf8")).has(heading)
    ? []
    : [`${id}: ${file} has no heading #${heading}`]
}

const before = fs.existsSync(list) ? fs.readFileSync(list, "utf8").split("\n").filter((line) => line !== "") : []
const told = tests()
const standings = stand(specifications, told)
const summary = summarize(specifications, standings)
const shown = [...standings].filter(([, { state }]) => state === "shown").map(([id]) => id)
const written = markdown(specifications, standings)
const mode = process.argv[2] ?? "--table"

const faults = [
  ...rowFaults(specifications),
  ...strayIds(specifications, told),
  ...rowsOf(specifications).flatMap(({ documented, id, notApplicable }) =>
    [documented, notApplicable].flatMap((place) => place === undefined ? [] : placeFaults(id, place))
  ),
  ...before.filter((id) => !shown.includes(id)).map((id) => `${id} was shown, and is not any more`)
]

if (mode === "--write") {
  fs.writeFileSync(page, written)
  fs.writeFileSync(list, `${[...new Set([...before, ...shown])].sort().join("\n")}\n`)
} else if (mode === "--check") {
  const current = fs.existsSync(page) ? fs.readFileSync(page, "utf8") : ""
  if (current !== written) faults.push("docs/conformance.md is out of date: npm run conformance -- --write")
}

for (const fault of faults) console.error(fault)
console.log(mode === "--json" ? JSON.stringify(summary) : table(summary))
process.exitCode = faults.length > 0 ? 1 : 0
