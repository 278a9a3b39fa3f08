// Judges every example: the `ts` blocks of doc comments, of README.md and of docs.
//
//   ```ts                     is type-checked
//   ```ts import.meta.vitest  is type-checked and run; `expression // => value` in it is an assertion
//
// Each block becomes a file of `.tmp/examples`, padded so that its line numbers are those of its source.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"

const root = path.resolve(import.meta.dirname, "..")
const folder = path.join(root, ".tmp", "examples")

interface Example {
  readonly where: string
  readonly file: string
  readonly runs: boolean
  readonly text: string
}

const examplesOf = (source: string): ReadonlyArray<Example> => {
  const text = fs.readFileSync(path.join(root, source), "utf8")
  const plain = source.endsWith(".ts") ? text.replaceAll(/^ *(\/\*)?\*( |$)/gm, "") : text
  return [...plain.matchAll(/^( *)```([\w-]*)(.*)\n([\s\S]*?)^\1```$/gm)].flatMap((match) => {
    const [, , language = "", tag = "", code = ""] = match
    const line = plain.slice(0, match.index).split("\n").length
    if (!/^(ts|typescript|tsx|js|javascript|jsx|[mc][jt]s)$/.test(language)) return []
    if (language !== "ts" || (tag !== "" && tag !== " import.meta.vitest")) {
      throw new Error(`${source}:${line}: write "ts" or "ts import.meta.vitest", not "${language}${tag}"`)
    }
    const asserting = code.replaceAll(/^( *)(.*\S) *\/\/ => (.+)$/gm, "$1;assert.deepStrictEqual($2, $3)")
    return [{
      where: `${source}:${line}`,
      file: path.join(folder, `${source.replaceAll(/[/\\]/g, "__")}.${line}.ts`),
      runs: tag !== "",
      text: `${asserting === code ? "" : `import assert from "node:assert/strict"`}${"\n".repeat(line)}${asserting}`
    }]
  })
}

const sources = fs.globSync(["README.md", "docs/**/*.md", "packages/*/README.md", "{packages,apps}/*/src/**/*.ts"], {
  cwd: root,
  exclude: ["docs/reference/**", "**/node_modules/**"]
})
const examples = sources.sort().flatMap(examplesOf)

fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(folder, { recursive: true })
for (const example of examples) fs.writeFileSync(example.file, example.text)
fs.writeFileSync(
  path.join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.tests.json",
    files: examples.map((example) => path.basename(example.file)),
    include: [],
    compilerOptions: { noUnusedLocals: false, tsBuildInfoFile: "tsconfig.tsbuildinfo" },
    references: ["browser", "catalogue", "core", "frameio", "generic-rfc6749", "node", "web"].map((name) => ({
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

for (const where of failed) console.log(`FAIL ${where}`)
console.log(`${examples.length - failed.size} passed, ${failed.size} failed, 0 skipped`)
process.exit(failed.size > 0 ? 1 : 0)
