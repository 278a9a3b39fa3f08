// Asks the registry whether anything that is published with our packages, or used to make them, is known to be
// vulnerable. A registry that does not answer is told, and is no failure: a release does not wait for it.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const pnpm = fs.globSync(".tools/pnpm-*/node_modules/pnpm/pnpm", { cwd: root }).at(-1)
if (pnpm === undefined) throw new Error("pnpm is not in .tools: node scripts/setup.mjs node scripts/audit.ts")

const { status, stdout } = spawnSync(path.join(root, pnpm), ["audit", "--json"], { cwd: root, encoding: "utf8" })
let found: {
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> }
  readonly error?: unknown
}
try {
  found = JSON.parse(stdout)
} catch {
  found = {}
}
if (found.metadata === undefined) {
  console.log(`SKIPPED: the registry did not answer (${status ?? "no status"})`)
  console.log("0 passed, 0 failed, 1 skipped")
} else {
  const counts = Object.entries(found.metadata.vulnerabilities).filter(([, count]) => count > 0)
  console.log(
    counts.length === 0 ? "nothing is known" : counts.map(([severity, count]) => `${count} ${severity}`).join(", ")
  )
  process.exitCode = counts.length === 0 ? 0 : 1
}
