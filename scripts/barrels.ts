// Writes the `index.ts` of every package's `src` (and `src/testing`, `src/jose`, `src/jose/testing`): one namespace a public module, nothing else.
// `--check` writes nothing and fails when an index is not what would be written.
import * as fs from "node:fs"
import * as path from "node:path"

/** Modules that bring much along and few need: they are imported by path. */
const byPath = new Set(["SqlPendingAuthorizations", "SqlRegistrationStore", "SqlTokenStore", "UndiciClientCertificate"])

const root = path.resolve(import.meta.dirname, "..")

const barrel = (folder: string): string => {
  const modules = fs.readdirSync(folder).filter((name) => /^[A-Z]\w*\.ts$/.test(name)).map((name) => name.slice(0, -3))
    .filter((name) => !byPath.has(name))
  if (modules.length === 0) return "export {}\n"
  // the formatter's order, which passes over case
  const sorted = modules.sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1)
  return sorted.map((name) => `export * as ${name} from "./${name}.ts"\n`).join("")
}

// the catalogue has none: whoever wants one provider should not get them all
const folders = fs.globSync("packages/*/src{,/jose}{,/testing}", { cwd: root })
  .filter((folder) => folder !== path.join("packages", "catalogue", "src"))
  .sort()
const stale = folders.map((folder) => path.join(root, folder, "index.ts")).filter((file) => {
  const wanted = barrel(path.dirname(file))
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === wanted) return false
  if (!process.argv.includes("--check")) fs.writeFileSync(file, wanted)
  return true
})

for (const file of stale) {
  console.log(`${process.argv.includes("--check") ? "stale" : "wrote"} ${path.relative(root, file)}`)
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error("Run: npm run format")
  process.exitCode = 1
}
