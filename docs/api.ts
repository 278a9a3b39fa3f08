/**
 * The public surface of every package, in a file each of `api`, so that a change of it is seen in a diff:
 *
 *     npm run api                       writes the reports
 *     npm run api -- --check            writes nothing, and fails when one is out of date
 *     npm run api -- --since <commit>   prints what has changed since then, as it stands in the notes of a release
 *
 * A report is made of what the compiler emits (`tsc -b`), without comments and in the order of names: moving and documenting
 * changes nothing in it. What public types name of closed modules is in it too.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { root } from "./site.ts"
import * as Surface from "./surface.ts"

const folder = path.join(root, "api")

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, string | null>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The modules that a package's `exports` open, by the path that an application imports. */
const entryPoints = (home: string, { exports, name }: Manifest): ReadonlyMap<string, string> => {
  const closed = Object.entries(exports).filter(([, to]) => to === null).map(([from]) => path.posix.join(name, from))
  const opened = Object.entries(exports).flatMap(([from, to]): ReadonlyArray<readonly [string, string]> => {
    if (to === null || !to.endsWith(".ts")) return []
    if (!from.includes("*")) return [[path.posix.join(name, from), to]]
    const [before = "", after = ""] = to.split("*")
    return fs.globSync(to.replace("*", "**/*"), { cwd: home }).map((file) => {
      const part = `./${file.replaceAll("\\", "/")}`.slice(before.length, after === "" ? undefined : -after.length)
      return [path.posix.join(name, from.replace("*", part)), `./${file}`]
    })
  })
  const isClosed = (specifier: string) =>
    closed.some((pattern) => path.matchesGlob(specifier, pattern.replace("/*/", "/**/")))
  return new Map(opened.filter(([specifier]) => !isClosed(specifier)))
}

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true)

const printer = ts.createPrinter({ removeComments: true })

const isDeprecated = (statement: ts.Statement): boolean =>
  ts.getJSDocTags(statement).some(({ tagName }) => tagName.text === "deprecated")

/** The declarations of a module, with those of closed modules that they name. */
const declarationsOf = (file: string): ReadonlyArray<Surface.Declaration> => {
  const source = parse(file)
  const own = source.statements.filter((statement) => !ts.isImportDeclaration(statement)).map((statement) => {
    const text = printer.printNode(ts.EmitHint.Unspecified, statement, source)
    const narrow = text.replaceAll(/^ +/gm, (indent) => " ".repeat(indent.length / 2))
    return `${isDeprecated(statement) ? "/** @deprecated */\n" : ""}${narrow}`
  }).filter((text) => text !== "export {};")
  const told = own.join("\n")
  const closed = source.statements.filter(ts.isImportDeclaration).flatMap((statement) => {
    const from = (statement.moduleSpecifier as ts.StringLiteral).text
    if (!from.includes("internal/")) return []
    const bindings = statement.importClause?.namedBindings
    const named = bindings === undefined
      ? []
      : ts.isNamespaceImport(bindings)
      ? [...told.matchAll(new RegExp(`\\b${bindings.name.text}\\.(\\w+)`, "g"))].map(([, name = ""]) => name)
      : bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text)
    return declarationsOf(path.resolve(path.dirname(file), from.replace(/\.ts$/, ".d.ts")))
      .filter(({ name }) => named.includes(name))
      .map(({ text }) => `// of ${from}\n${text}`)
  })
  const together = new Map<string, string>()
  for (const text of [...own, ...closed]) {
    const name = Surface.nameOf(text)
    together.set(name, together.has(name) ? `${together.get(name)}\n${text}` : text)
  }
  return [...together].map(([name, text]) => ({ name, text })).sort((one, two) => one.name < two.name ? -1 : 1)
}

const surfaceOf = (manifestFile: string): readonly [file: string, surface: Surface.Surface] => {
  const home = path.join(root, path.dirname(manifestFile))
  const manifest: Manifest = JSON.parse(fs.readFileSync(path.join(root, manifestFile), "utf8"))
  const needs = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
    .sort(([one], [two]) => one < two ? -1 : 1)
  const modules = [...entryPoints(home, manifest)].sort(([one], [two]) => one < two ? -1 : 1)
  return [`${path.basename(home)}.md`, {
    name: manifest.name,
    needs: needs.map(([name, range]) => `\`${name}\` ${range}`),
    modules: new Map(modules.map(([specifier, source]) => {
      const emitted = path.join(home, source.replace(/^\.\/src\//, "dist/").replace(/\.ts$/, ".d.ts"))
      if (!fs.existsSync(emitted)) throw new Error(`${path.relative(root, emitted)} is not there; run tsc -b first`)
      return [specifier, declarationsOf(emitted)]
    }))
  }]
}

const surfaces = new Map(fs.globSync("packages/*/package.json", { cwd: root }).sort().map(surfaceOf))
const reports = new Map([...surfaces].map(([file, surface]) => [file, Surface.print(surface)]))

const since = process.argv[process.argv.indexOf("--since") + 1]
if (process.argv.includes("--since")) {
  if (since === undefined) throw new Error("--since needs a commit or a tag")
  const before = (file: string) =>
    spawnSync("git", ["show", `${since}:api/${file}`], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 })
  const changes = [...surfaces].map(([file, surface]) => {
    const shown = before(file)
    return Surface.changes(shown.status === 0 ? Surface.parse(shown.stdout) : undefined, surface)
  })
  console.log(Surface.notes(since, changes))
} else if (process.argv.includes("--check")) {
  const there = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  const stale = [...reports].filter(([file, text]) =>
    !there.includes(file) || fs.readFileSync(path.join(folder, file), "utf8") !== text
  ).map(([file]) => file)
  const left = there.filter((file) => !reports.has(file))
  for (const file of [...stale, ...left]) {
    console.log(`api/${file} is out of date; run npm run api, and look at what it changes`)
  }
  process.exitCode = stale.length + left.length > 0 ? 1 : 0
} else {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  for (const [file, text] of reports) fs.writeFileSync(path.join(folder, file), text)
}
