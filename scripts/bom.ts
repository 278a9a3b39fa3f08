// Writes a software bill of materials (CycloneDX 1.6, JSON) for each public package: what it depends on in production,
// and what that depends on, with the versions and the checksums of the lockfile.
//
//   node scripts/bom.ts FOLDER
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const [, , folder] = process.argv
if (folder === undefined) {
  console.error("node scripts/bom.ts FOLDER")
  process.exit(2)
}
const pnpm = fs.globSync(".tools/pnpm-*/node_modules/pnpm/pnpm", { cwd: root }).at(-1)
if (pnpm === undefined) throw new Error("pnpm is not in .tools: node scripts/setup.mjs node scripts/bom.ts")

interface Listed {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, Listed>>
}

const lock = fs.readFileSync(path.join(root, "pnpm-lock.yaml"), "utf8")
const checksum = (name: string, version: string): string | undefined => {
  const escaped = `${name}@${version}`.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^  '?${escaped}'?:\\n    resolution: \\{integrity: sha512-([A-Za-z0-9+/=]+)`, "m").exec(lock)?.[1]
}

const component = (name: string, version: string) => {
  const integrity = checksum(name, version)
  return {
    type: "library",
    "bom-ref": `pkg:npm/${name.replace("@", "%40")}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(integrity === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Buffer.from(integrity, "base64").toString("hex") }] })
  }
}

fs.mkdirSync(folder, { recursive: true })
for (const manifest of fs.globSync("packages/*/package.json", { cwd: root }).sort()) {
  const home = path.join(root, path.dirname(manifest))
  const { name, peerDependencies = {}, version }: {
    readonly name: string
    readonly version: string
    readonly peerDependencies?: Readonly<Record<string, string>>
  } = JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8"))
  const listed = spawnSync(path.join(root, pnpm), ["list", "--prod", "--json", "--depth", "Infinity"], {
    cwd: home,
    encoding: "utf8"
  })
  const [project]: ReadonlyArray<Listed> = JSON.parse(listed.stdout)
  const components = new Map<string, ReturnType<typeof component>>()
  const edges = new Map<string, ReadonlyArray<string>>()
  const walk = (ref: string, dependencies: Readonly<Record<string, Listed>> = {}): void => {
    const below = Object.entries(dependencies).map(([name, dependency]) => {
      const own = dependency.version.startsWith("link:") ? version : dependency.version
      const made = component(name, own)
      if (!components.has(made.purl)) {
        components.set(made.purl, made)
        walk(made.purl, dependency.dependencies)
      }
      return made.purl
    })
    edges.set(ref, [...new Set(below)].sort())
  }
  const self = component(name, version)
  walk(self.purl, project?.dependencies)
  const file = path.join(folder, `${name.replace("@", "").replace("/", "-")}.cdx.json`)
  fs.writeFileSync(
    file,
    `${
      JSON.stringify(
        {
          bomFormat: "CycloneDX",
          specVersion: "1.6",
          version: 1,
          metadata: {
            component: {
              ...self,
              properties: Object.entries(peerDependencies).map(([name, value]) => ({ name: `peer:${name}`, value }))
            }
          },
          components: [...components.values()].sort((a, b) => a.purl < b.purl ? -1 : 1),
          dependencies: [...edges].map(([ref, dependsOn]) => ({ ref, dependsOn }))
        },
        null,
        2
      )
    }\n`
  )
  console.log(`${path.basename(file)}: ${components.size} components`)
}
