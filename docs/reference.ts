/**
 * Writes the API reference from doc comments, a page for each module, into docs/reference: it is made when the site is
 * built, and is not part of the repository. A public symbol without a doc comment, and a link in one that leads
 * nowhere, is a fault.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Application, Logger, LogLevel } from "typedoc"
import { hasReference, root } from "./site.ts"

/** Writes it; succeeds with what is wrong. */
export const write = async (): Promise<ReadonlyArray<string>> => {
  const out = path.join(import.meta.dirname, "reference")
  const modules = fs.globSync("packages/*/src/{,jose/,testing/,jose/testing/}*.ts", { cwd: root })
    .filter((file) => path.basename(file) !== "index.ts" && hasReference(file.split("/")[1] ?? ""))
    .sort()
  const options: Record<string, unknown> = {
    entryPoints: modules.map((file) => path.join(root, file)),
    basePath: path.join(root, "packages"),
    displayBasePath: path.join(root, "packages"),
    tsconfig: path.join(import.meta.dirname, "tsconfig.reference.json"),
    plugin: ["typedoc-plugin-markdown"],
    outputs: [{ name: "markdown", path: out }],
    outputFileStrategy: "modules",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    hidePageTitle: true,
    useCodeBlocks: true,
    excludeExternals: true,
    excludeInternal: true,
    excludeTags: ["@since", "@category"],
    disableSources: true,
    readme: "none",
    logLevel: "Warn",
    skipErrorChecking: true,
    validation: { notDocumented: true, notExported: false, invalidLink: true },
    requiredToBeDocumented: ["Variable", "Function", "Class", "Interface", "TypeAlias"]
  }
  fs.rmSync(out, { recursive: true, force: true })
  const app = await Application.bootstrapWithPlugins(options)
  const faults: Array<string> = []
  app.logger = new (class extends Logger {
    override log(message: string, level: LogLevel): void {
      super.log(message, level)
      if (level >= LogLevel.Warn) faults.push(message)
    }
  })()
  const project = await app.convert()
  if (project === undefined) return [...faults, "the sources could not be read"]
  app.validate(project)
  await app.generateOutputs(project)
  tidy(out)
  return faults
}

// core/src/TokenService.md becomes core/TokenService.md, with a title, and the links to it with it
const tidy = (out: string): void => {
  const pages = fs.globSync("*/src/**/*.md", { cwd: out })
  const moved = (file: string): string => file.replace("/src/", "/")
  for (const file of pages) {
    const text = fs.readFileSync(path.join(out, file), "utf8")
    const linked = text.replaceAll(/\]\(([^)\s#:]+\.md)(#[^)\s]*)?\)/g, (_, to: string, anchor = "") => {
      const target = moved(path.posix.join(path.posix.dirname(file), to))
      return `](${path.posix.relative(path.posix.dirname(moved(file)), target)}${anchor})`
    })
    fs.mkdirSync(path.dirname(path.join(out, moved(file))), { recursive: true })
    const name = path.basename(file, ".md")
    fs.writeFileSync(
      path.join(out, moved(file)),
      `---\neditLink: false\n---\n\n# ${name}\n\n\`@effect-oauth/${moved(file).slice(0, -3)}\`\n\n${linked}`
    )
  }
  for (const name of fs.readdirSync(out)) fs.rmSync(path.join(out, name, "src"), { recursive: true, force: true })
  const packages = fs.readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const list = packages.map(({ name }) => {
    const files = fs.globSync("**/*.md", { cwd: path.join(out, name) }).sort()
    return `## @effect-oauth/${name}\n\n${files.map((file) => `[${file.slice(0, -3)}](${name}/${file})`).join(" · ")}\n`
  })
  fs.writeFileSync(
    path.join(out, "README.md"),
    `# Reference\n\nEvery public module, from its doc comments.\n\n${list.join("\n")}`
  )
}
