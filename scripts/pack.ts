// Packs every public package as it would be published, lets publint and attw judge the tarball, and imports every module
// of it by its public path from a project that knows nothing of this repository.
//
// Where a workflow packs, the manifests name its repository: provenance is refused without, and nobody has to write down here
// where the repository is.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { publish } from "./published.ts"

const root = path.resolve(import.meta.dirname, "..")
const folder = path.join(root, ".tmp", "pack")
const pnpm = fs.globSync(".tools/pnpm-*/node_modules/pnpm/pnpm", { cwd: root }).at(-1)
if (pnpm === undefined) throw new Error("pnpm is not in .tools: run this by `npm run runtimes`")

const run = (command: string, args: ReadonlyArray<string>, cwd: string): void => {
  const done = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (done.status === 0) return
  console.log(`${path.basename(command)} ${args.join(" ")}\n${done.stdout}${done.stderr}${done.error?.message ?? ""}`)
  process.exit(1)
}

const packages = fs.globSync("packages/*/package.json", { cwd: root }).sort().map((manifest) => {
  const home = path.join(root, path.dirname(manifest))
  const { name }: { readonly name: string } = JSON.parse(fs.readFileSync(path.join(root, manifest), "utf8"))
  return { home, name, tarball: path.join(folder, `${path.basename(home)}.tgz`) }
})

const host = process.env["GITHUB_SERVER_URL"] ?? "https://github.com"
const repository = process.env["GITHUB_REPOSITORY"]
const pack = (home: string, tarball: string): void => {
  const manifest = path.join(home, "package.json")
  const before = fs.readFileSync(manifest, "utf8")
  if (repository !== undefined) {
    const directory = path.relative(root, home).replaceAll("\\", "/")
    const named = {
      ...JSON.parse(before),
      repository: { type: "git", url: `git+${host}/${repository}.git`, directory }
    }
    fs.writeFileSync(manifest, JSON.stringify(named, undefined, 2))
  }
  try {
    run(path.join(root, pnpm), ["pack", "--out", tarball], home)
  } finally {
    fs.writeFileSync(manifest, before)
  }
}

fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(folder, { recursive: true })
for (const { home } of packages) {
  fs.rmSync(path.join(home, "dist"), { recursive: true, force: true })
}
run("tsc", ["-b", "--force"], root)
await publish()
for (const { home, name, tarball } of packages) {
  pack(home, tarball)
  run("publint", ["run", "--strict", tarball], root)
  run("attw", ["--profile", "esm-only", tarball], root)
  console.log(`${name}: packed`)
}

const consumer = path.join(folder, "consumer")
const tarballs = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]))
const { version }: { readonly version: string } = JSON.parse(
  fs.readFileSync(path.join(root, "node_modules/effect/package.json"), "utf8")
)
const modules = packages.flatMap(({ home, name }) =>
  fs.globSync("{,jose/}{,testing/}{[A-Z]*,index}.ts", { cwd: path.join(home, "src") })
    .map((file) => path.posix.join(name, file.replace(/\.ts$/, "").replace(/\/?index$/, "")))
)
fs.mkdirSync(consumer)
fs.writeFileSync(
  path.join(consumer, "package.json"),
  JSON.stringify({ private: true, type: "module", dependencies: { ...tarballs, effect: version }, overrides: tarballs })
)
fs.writeFileSync(
  path.join(consumer, "index.js"),
  `const closed = (name) => import(name).then(() => { throw new Error(name + " is open") }, () => {})
for (const name of ${JSON.stringify(modules)}) await import(name)
for (const name of ${JSON.stringify(packages.map(({ name }) => name))}) await closed(name + "/internal/x")
`
)
run("npm", ["install", "--no-audit", "--no-fund", "--silent"], consumer)
run("node", ["index.js"], consumer)
console.log(`${modules.length} modules imported from the tarballs`)
