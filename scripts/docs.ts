// The doc lint. Every module and every export of a package says what it is; every link of a Markdown file leads
// somewhere, and those that lead out of the repository are in the dated list. `internal` modules are free to say less.
import * as fs from "node:fs"
import * as path from "node:path"
import { anchorsOf, withoutFences } from "./anchors.ts"
import * as Links from "./links.ts"

const categories = new Set([
  "combinators",
  "configuration",
  "constructors",
  "converting",
  "errors",
  "getters",
  "guards",
  "layers",
  "models",
  "options",
  "predicates",
  "providers",
  "schemas",
  "services",
  "testing",
  "type IDs"
])

const root = path.resolve(import.meta.dirname, "..")
const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8")
const files = (pattern: string) =>
  fs.globSync(pattern, { cwd: root, exclude: ["**/{node_modules,dist,coverage}/**", "docs/reference/**"] }).sort()

/** What is wrong with one doc comment. */
const faults = (comment: string | undefined, tags: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (comment === undefined) return ["has no doc comment"]
  const category = /@category (.+)/.exec(comment)?.[1]
  const forbidden = /@(param|returns?|example)\b/.exec(comment)?.[0]
  return [
    ...tags.filter((tag) => !comment.includes(`${tag} `)).map((tag) => `lacks ${tag}`),
    ...(category === undefined || categories.has(category) ? [] : [`has the unknown category "${category}"`]),
    ...(forbidden === undefined ? [] : [`uses ${forbidden}`]),
    ...(/^\/\*\*\s*(\* )?(@|\*\*\w)/.test(comment) ? ["begins without a summary"] : [])
  ]
}

const sourceFaults = (file: string): ReadonlyArray<string> => {
  const source = read(file)
  const header = /^\/\*\*[\s\S]*?\*\/(?=\n+(?:import|\/\*\*|export|const|type|interface))/.exec(source)?.[0]
  const exported =
    /^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export (?:declare |abstract )*(?:const|class|interface|type|function|\{)\*? ?(\w*)/gm
  return [
    ...faults(header, ["@since"]).map((fault) => `${file}: the module ${fault}`),
    ...[...source.matchAll(exported)].flatMap(([, comment, name = ""]) =>
      faults(comment, ["@category", "@since"]).map((fault) => `${file}: ${name || "a list of exports"} ${fault}`)
    )
  ]
}

const linkFaults = (file: string): ReadonlyArray<string> => {
  const markdown = withoutFences(read(file)).replaceAll(/`[^`\n]*`/g, "")
  const targets = [...markdown.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]: (\S+)/gm)]
  return targets.map(([, inline, reference]) => inline ?? reference ?? "").flatMap((target) => {
    if (/^[a-z][a-z+.-]*:/.test(target)) return []
    const [where = "", anchor] = target.split("#")
    const found = where === "" ? file : path.join(path.dirname(file), decodeURIComponent(where))
    if (!fs.existsSync(path.join(root, found))) return [`${file}: ${target} leads nowhere`]
    return anchor === undefined || !found.endsWith(".md") || anchorsOf(read(found)).has(anchor)
      ? []
      : [`${file}: ${found} has no heading #${anchor}`]
  })
}

const sources = files("packages/*/src/**/*.ts").filter((file) => !/[/\\](internal[/\\]|index\.ts$)/.test(file))
const markdown = files("**/*.md")
const found = [...sources.flatMap(sourceFaults), ...markdown.flatMap(linkFaults), ...Links.faults()]

for (const fault of found) console.log(fault)
console.log(`${sources.length} modules, ${markdown.length} Markdown files, ${found.length} faults`)
process.exitCode = found.length > 0 ? 1 : 0
