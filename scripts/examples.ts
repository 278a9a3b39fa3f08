// Judges every example: the `ts` blocks of doc comments and of Markdown.
//
//   ```ts                     is type-checked
//   ```ts import.meta.vitest  is type-checked and run; `expression // => value` in it is an assertion
//
// Each block becomes a file of `.tmp/examples`, padded so that its line numbers are those of its source. What a guide shows of
// another client is checked against that client, as benchmarks has it. Blocks in other languages are judged by fences.ts.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import * as Fences from "./fences.ts"

const root = path.resolve(import.meta.dirname, "..")
const folder = path.join(root, ".tmp", "examples")

interface Example {
  readonly where: string
  readonly file: string
  readonly runs: boolean
  readonly text: string
}

const exampleOf = ({ code, file, line, tag, where }: Fences.Fence): Example => {
  const asserting = code.replaceAll(/^( *)(.*\S) *\/\/ => (.+)$/gm, "$1;assert.deepStrictEqual($2, $3)")
  return {
    where,
    file: path.join(folder, `${file.replaceAll(/[/\\]/g, "__")}.${line}.ts`),
    runs: tag !== "",
    text: `${asserting === code ? "" : `import assert from "node:assert/strict"`}${"\n".repeat(line)}${asserting}`
  }
}

const fences = Fences.fences()
const examples = fences.filter(({ language }) => language === "ts").map(exampleOf)
const others = fences.filter(({ language }) => language !== "ts")

fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(folder, { recursive: true })

// the clients that guides compare with, as benchmarks has them
const peers = [
  "@badgateway/oauth2-client",
  "@types/simple-oauth2",
  "arctic",
  "google-auth-library",
  "openid-client",
  "simple-oauth2"
]
for (const peer of peers) {
  const link = path.join(folder, "node_modules", peer)
  fs.mkdirSync(path.dirname(link), { recursive: true })
  fs.symlinkSync(path.join(root, "benchmarks/node_modules", peer), link, "junction")
}
for (const example of examples) fs.writeFileSync(example.file, example.text)
fs.writeFileSync(
  path.join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.tests.json",
    files: examples.map((example) => path.basename(example.file)),
    include: [],
    compilerOptions: { noUnusedLocals: false, tsBuildInfoFile: "tsconfig.tsbuildinfo" },
    references: ["browser", "catalogue", "core", "frameio", "generic-rfc6749", "node", "postgres", "web"].map((
      name
    ) => ({
      path: `../../packages/${name}`
    }))
  })
)

const failed = new Set<string>()
if (examples.length > 0) {
  const types = spawnSync("tsc", ["-b", folder], { cwd: root, encoding: "utf8" })
  console.log(types.stdout)
  for (const example of examples) {
    if (types.stdout.includes(path.basename(example.file))) failed.add(example.where)
  }
  if (types.status !== 0 && failed.size === 0) failed.add("tsc")
}

// what an example writes stays in there
process.chdir(folder)
for (const example of examples) {
  if (!example.runs || failed.has(example.where)) continue
  try {
    await import(pathToFileURL(example.file).href)
  } catch (error) {
    failed.add(example.where)
    console.log(`${example.where}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

const faults = Fences.faults(fences)
for (const fault of faults) failed.add(fault)

for (const where of failed) console.log(`FAIL ${where}`)
console.log(`${examples.length + others.length - failed.size} passed, ${failed.size} failed, 0 skipped`)
process.exit(failed.size > 0 ? 1 : 0)
