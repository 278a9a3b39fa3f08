// A release as a dry run: the entries of .changeset make one version of all packages and notes that somebody can read; what
// scripts/pack.ts has packed is one version, depends on nothing of this workspace's own, and could be published as the release
// workflow does it.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { notes } from "./notes.ts"

const root = path.resolve(import.meta.dirname, "..")
const folder = path.join(root, ".tmp", "pack")

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly repository?: { readonly url?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports?: unknown
}

const run = (command: string, args: ReadonlyArray<string>, cwd = folder) => {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 26 })
  return { works: done.status === 0, output: done.stdout ?? "", why: `${done.stdout}${done.stderr}`.slice(-2000) }
}

const tarballs = fs.globSync("*.tgz", { cwd: folder }).sort()
const manifests = tarballs.map((tarball): Manifest =>
  JSON.parse(run("tar", ["-xzOf", tarball, "package/package.json"]).output)
)

const faults: Array<string> = []
if (tarballs.length === 0) faults.push("there is nothing packed; run node scripts/pack.ts first")
const versions = new Set(manifests.map(({ version }) => version))
if (versions.size > 1) faults.push(`the packages have several versions: ${[...versions].join(", ")}`)

for (const manifest of manifests) {
  const { dependencies = {}, exports, license, name, peerDependencies = {}, repository } = manifest
  if (license === undefined) faults.push(`${name}: has no license`)
  // the registry compares it with the workflow that it takes the provenance from
  const home = process.env["GITHUB_REPOSITORY"]
  if (home !== undefined && repository?.url?.includes(home) !== true) faults.push(`${name}: does not name ${home}`)
  if (JSON.stringify(exports).includes("src/")) faults.push(`${name}: exports its sources`)
  for (const [dependency, range] of Object.entries({ ...dependencies, ...peerDependencies })) {
    if (/^(workspace|catalog|file|link):/.test(range)) faults.push(`${name}: depends on ${dependency} by ${range}`)
    if (dependency.startsWith("@effect-oauth/") && !range.includes(manifest.version)) {
      faults.push(`${name}: depends on ${dependency} ${range}, and not on this version`)
    }
  }
}

if (faults.length === 0) {
  for (const tarball of tarballs) {
    const done = run("npm", ["publish", tarball, "--access", "public", "--ignore-scripts", "--dry-run"])
    if (done.works) console.log(`${tarball}: could be published`)
    else faults.push(`${tarball}: ${done.why}`)
  }
}

// what a release is made of, in a clone: `changeset version` writes files
const clone = path.join(root, ".tmp", "release")
const versioned = (): void => {
  fs.rmSync(clone, { recursive: true, force: true })
  const cloned = run("git", ["clone", "--quiet", root, clone], root)
  if (!cloned.works) return void faults.push(`the repository cannot be cloned: ${cloned.why}`)
  const entries = fs.globSync(".changeset/*.md", { cwd: clone }).filter((file) => !file.endsWith("README.md"))
  const done = run("changeset", ["version"], clone)
  if (!done.works) return void faults.push(`changeset version: ${done.why}`)
  const next = fs.globSync(["packages/*/package.json", "apps/cli/package.json"], { cwd: clone })
    .map((file): Manifest => JSON.parse(fs.readFileSync(path.join(clone, file), "utf8")))
  const [version = "", ...others] = new Set(next.map((manifest) => manifest.version))
  if (others.length > 0) faults.push(`changeset version makes several versions: ${[version, ...others].join(", ")}`)
  if (entries.length === 0) return console.log("no entries: there is nothing to release")
  const written = notes(version, clone)
  console.log(
    `${entries.length} entries make ${version} of ${next.length} packages; its notes have ${written.length} characters`
  )
}
versioned()

for (const fault of faults) console.log(`FAIL ${fault}`)
process.exit(faults.length > 0 ? 1 : 0)
