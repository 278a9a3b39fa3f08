/**
 * Follows the pages of docs/getting-started to the letter, each in a new folder outside of the workspace: makes the
 * project that the first page asks for, installs what the page installs, puts each block of code into a file, has it
 * type-checked, and runs what the page runs. What a page says that is printed has to be printed.
 *
 * Of the page's words only one thing is changed: a package comes by the version that this repository uses, and its own
 * packages come from their tarballs, since they are to be tried before they are published.
 */
import * as fs from "node:fs"
import * as path from "node:path"

/** A command that was run. */
export interface Ran {
  readonly works: boolean
  readonly output: string
  readonly why: string
}

interface Block {
  readonly language: string
  readonly tag: string
  readonly text: string
}

const root = path.resolve(import.meta.dirname, "..")
const pages = path.join(root, "docs", "getting-started")
const projects = path.join(root, ".tmp", "pack", "getting-started")

const read = (...where: ReadonlyArray<string>): string => fs.readFileSync(path.join(...where), "utf8")

const blocksOf = (page: string): ReadonlyArray<Block> =>
  [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language = "", tag = "", text = ""]) => ({
    language,
    tag,
    text
  }))

const commandsOf = (blocks: ReadonlyArray<Block>): ReadonlyArray<string> =>
  blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => text.trim().split("\n"))

const tarballs = Object.fromEntries(
  fs.globSync("packages/*/package.json", { cwd: root }).map((manifest) => {
    const { name }: { readonly name: string } = JSON.parse(read(root, manifest))
    return [name, `file:${path.join(root, ".tmp", "pack", `${path.basename(path.dirname(manifest))}.tgz`)}`]
  })
)

// what `npm install NAME` is to install: the tarball, or the version that this repository was tried with
const specOf = (name: string): string => {
  const tarball = tarballs[name]
  if (tarball !== undefined) return tarball
  const { version }: { readonly version: string } = JSON.parse(read(root, "node_modules", name, "package.json"))
  return version
}

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: "ES2022",
  module: "NodeNext",
  skipLibCheck: true,
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  types: ["node"]
}

/** Follows every page; tells how each did. `tsc` is the compiler's script. */
export const follow = (options: {
  readonly run: (command: string, args: ReadonlyArray<string>, cwd: string) => Ran
  readonly judge: (name: string, works: boolean, why?: string) => void
  readonly tsc: string
}): void => {
  const { judge, run, tsc } = options
  const [first = ""] = commandsOf(blocksOf(read(pages, "README.md")))
  const begins = first === "mkdir try-oauth && cd try-oauth"
  judge("getting started: README.md", begins, `it begins with: ${first}`)

  for (const file of fs.globSync("*.md", { cwd: pages, exclude: ["README.md"] }).sort()) {
    const name = path.basename(file, ".md")
    const title = `getting started: ${file}`
    const project = path.join(projects, name)
    fs.rmSync(project, { recursive: true, force: true })
    fs.mkdirSync(project, { recursive: true })

    const page = read(pages, file)
    const blocks = blocksOf(page)
    const code = blocks.filter(({ language }) => language === "ts")
    const [target] = /(?<=^Put this into `)[\w.]+(?=`)/m.exec(page) ?? []
    const printed = blocks.find(({ language }) => language === "text")?.text
    if (target === undefined || code.length === 0) {
      judge(title, false, "it does not say into which file to put its program")
      continue
    }
    code.forEach(({ text }, at) => fs.writeFileSync(path.join(project, at === 0 ? target : `block-${at}.ts`), text))
    fs.writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))

    const commands = commandsOf(blocks)
    let ready = run("npm", ["init", "--yes", "--init-type=module"], project)
    if (ready.works) {
      const words = commands.filter((command) => command.startsWith("npm install ")).flatMap((line) => line.split(" "))
      const named = words.slice(2).filter((word) => !/^(npm|install|--.*)$/.test(word))
      const manifest = path.join(project, "package.json")
      const dependencies = Object.fromEntries(["@types/node", ...named].map((name) => [name, specOf(name)]))
      // a package that is needed and not named is not to be found
      const overrides = Object.fromEntries(Object.entries(tarballs).filter(([name]) => named.includes(name)))
      fs.writeFileSync(manifest, JSON.stringify({ ...JSON.parse(read(manifest)), dependencies, overrides }))
      ready = run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], project)
    }
    judge(`${title}: installs`, ready.works, ready.why)
    if (!ready.works) continue

    const checked = run("node", [tsc, "-p", "."], project)
    judge(`${title}: ${code.length} blocks of code have types`, checked.works, checked.why)

    for (const command of commands.filter((command) => /^(node|npx) /.test(command))) {
      const [program = "", ...args] = command.split(" ")
      const done = run(program, args, project)
      const asTold = printed === undefined || done.output === printed
      judge(`${title}: ${command}`, done.works && asTold, done.works ? `it printed:\n${done.output}` : done.why)
    }
  }
}
