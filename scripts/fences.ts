// Every block of code in Markdown and in doc comments, and who checks it:
//
//   node scripts/fences.ts    prints them all, with what is wrong
//
//   ts                     compiled                   scripts/examples.ts
//   ts import.meta.vitest  compiled and run           scripts/examples.ts
//   json                   read, by its schema where it names one of ours
//   sh                     each command exists, with its flags where it is one of ours
//   sql                    run by the tests of packages/postgres
//   mermaid                drawn by `npm run docs`
//   text                   what a program prints, or a formula: no code
import { Description } from "@effect-oauth/generic-rfc6749"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, Result } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { described } from "../apps/cli/src/Main.ts"
import * as Output from "../apps/cli/src/Output.ts"

const root = path.resolve(import.meta.dirname, "..")

/** A block of code. */
export interface Fence {
  /** File and line. */
  readonly where: string
  readonly file: string
  readonly line: number
  readonly language: string
  /** What stands behind the language. */
  readonly tag: string
  readonly code: string
}

const fencesOf = (file: string): ReadonlyArray<Fence> => {
  const text = fs.readFileSync(path.join(root, file), "utf8")
  const plain = file.endsWith(".ts") ? text.replaceAll(/^ *(\/\*)?\*( |$)/gm, "") : text
  return [...plain.matchAll(/^( *)(`{3,})([\w-]*)(.*)\n([\s\S]*?)^\1\2 *$/gm)].map((match) => {
    const [, indent = "", , language = "", tag = "", code = ""] = match
    const line = plain.slice(0, match.index).split("\n").length
    return {
      where: `${file}:${line}`,
      file,
      line,
      language,
      tag,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), "")
    }
  })
}

/** All of them. */
export const fences = (): ReadonlyArray<Fence> =>
  fs.globSync(["**/*.md", "{packages,apps}/*/src/**/*.ts"], {
    cwd: root,
    exclude: ["docs/reference/**", "**/{node_modules,dist,coverage}/**", "api/**", "**/CHANGELOG.md"]
  }).map((file) => file.replaceAll("\\", "/")).sort().flatMap(fencesOf)

const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8")

/** Programs of others that a page uses as everybody knows them. */
const others = new Set(["alias", "cd", "curl", "export", "jq", "mkdir", "sort", "uniq"])

interface Manifest {
  readonly name: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifests = fs.globSync(["package.json", "{packages,apps,benchmarks,docs,examples}/**/package.json"], {
  cwd: root,
  exclude: ["**/node_modules/**"]
}).map((file): Manifest => JSON.parse(read(file)))

const packages = new Set(manifests.flatMap(({ dependencies, devDependencies, name, peerDependencies }) => [
  name,
  ...Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
]))

const scripts = new Set(manifests.flatMap((manifest) => Object.keys(manifest.scripts ?? {})))

/** Every command of the command line, by the words after the program's name. */
const commands = new Map(
  (await Effect.runPromise(
    Effect.provide(
      described(),
      Layer.provideMerge(Layer.effect(Output.Output, Output.make("text")), NodeServices.layer)
    )
  )).map(({ doc, path }) => [path.join(" "), doc])
)

const commandLineFault = (words: ReadonlyArray<string>): string | undefined => {
  const flags = words.flatMap((word) => /^--[a-z-]+/.exec(word) ?? [])
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word))
  // what stands behind the command itself may be an argument
  for (let length = end < 0 ? words.length : end; length > 0; length--) {
    const told = commands.get(words.slice(0, length).join(" "))
    if (told === undefined) continue
    if (told.subcommands !== undefined && length < (end < 0 ? words.length : end)) {
      return `effect-oauth ${words.slice(0, length).join(" ")} has no command ${words[length]}`
    }
    const known = new Set(
      [...told.flags, ...told.inheritedFlags ?? [], ...told.globalFlags ?? []].map(({ name }) => name)
    )
    const unknown = flags.filter((flag) => !known.has(flag.slice(2)))
    return unknown.length === 0 ? undefined : `effect-oauth ${words[0]} knows no ${unknown.join(", ")}`
  }
  return flags.length === words.length ? undefined : `effect-oauth has no command ${words[0]}`
}

const isTool = (name: string): boolean => fs.existsSync(path.join(root, "node_modules/.bin", name))

const commandFault = (line: string, fence: Fence): string | undefined => {
  const [program = "", ...words] = line.replaceAll(/\$\(([^)]*)\)/g, "…").match(/"[^"]*"|'[^']*'|\S+/g) ?? []
  const [first = "", second = ""] = words
  const exists = (file: string) =>
    fs.existsSync(path.join(root, file)) || read(fence.file).includes(`Put this into \`${file}\``) ||
    fs.globSync("docs/getting-started/*.md", { cwd: root }).some((page) =>
      read(page).includes(`Put this into \`${file}\``)
    )
  switch (program) {
    case "npm": {
      if (["start", "test"].includes(first) || first === "init") return undefined
      if (first === "run") return scripts.has(second) ? undefined : `there is no script ${second}`
      if (first !== "install") return `npm ${first} is not known here`
      const unknown = words.slice(1).filter((word) => !word.startsWith("-") && !packages.has(word))
      return unknown.length === 0 ? undefined : `nothing here is tried with ${unknown.join(", ")}`
    }
    case "npx":
    case "pnpm": {
      const tool = program === "pnpm" ? second : first
      if (program === "pnpm" && first !== "exec") return `pnpm ${first} is not known here`
      return isTool(tool) ? undefined : `there is no ${tool}`
    }
    case "node":
      if (first === "scripts/setup.mjs" && second !== "node") {
        return isTool(second) ? undefined : `there is no ${second}`
      }
      if (first === "scripts/setup.mjs") return commandFault(words.slice(1).join(" "), fence)
      if (first === "apps/cli/src/bin.ts") return commandLineFault(words.slice(1))
      return exists(first) ? undefined : `there is no ${first}`
    case "effect-oauth":
      return commandLineFault(words)
    default:
      return others.has(program) ? undefined : `${program} is not known here`
  }
}

const shellFaults = (fence: Fence): ReadonlyArray<string> => {
  const lines = fence.code.replaceAll("\\\n", " ").split("\n").map((line) => line.replace(/(^| )#.*$/, "").trim())
  const inner = [...fence.code.matchAll(/\$\(([^)]*)\)/g)].map(([, command = ""]) => command)
  const commands = [...lines, ...inner].flatMap((line) => line.split(/ (?:&&|\|) /)).filter((line) =>
    line.trim() !== ""
  )
  return commands.flatMap((command) => commandFault(command.trim(), fence) ?? [])
}

const jsonFaults = ({ code }: Fence): ReadonlyArray<string> => {
  try {
    const value: unknown = JSON.parse(code)
    const schema = typeof value === "object" && value !== null && "$schema" in value ? String(value.$schema) : ""
    if (!schema.endsWith("description.schema.json")) return []
    return Result.match(Description.decode(value), {
      onSuccess: () => [],
      onFailure: (error) => [`is no description: ${error.message}`]
    })
  } catch {
    return ["is not JSON"]
  }
}

const sqlFile = "packages/postgres/test/Guide.integration.test.ts"

/** What is wrong with the blocks that are not TypeScript. */
export const faults = (all: ReadonlyArray<Fence>): ReadonlyArray<string> =>
  all.flatMap((fence) => {
    const found = (() => {
      switch (fence.language) {
        case "ts":
          return fence.tag === "" || fence.tag === " import.meta.vitest"
            ? []
            : [`write "ts" or "ts import.meta.vitest", not "ts${fence.tag}"`]
        case "json":
          return jsonFaults(fence)
        case "sh":
          return shellFaults(fence)
        case "sql":
          return fence.file === "docs/guides/postgres.md" && fs.existsSync(path.join(root, sqlFile))
            ? []
            : ["is SQL that no test runs"]
        case "mermaid":
          return fence.file.startsWith("docs/") ? [] : ["is a diagram on no page of the site"]
        case "text":
          return []
        default:
          return [fence.language === "" ? "names no language" : `nobody checks ${fence.language}`]
      }
    })()
    return found.map((fault) => `${fence.where}: ${fault}`)
  })

const checkedBy: Readonly<Record<string, string>> = {
  ts: "compiled",
  json: "read",
  sh: "commands known",
  sql: "run",
  mermaid: "drawn",
  text: "no code"
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const all = fences()
  for (const { language, tag, where } of all) {
    const how = `${checkedBy[language] ?? "UNCHECKED"}${tag === " import.meta.vitest" ? " and run" : ""}`
    console.log(`${where.padEnd(64)} ${language.padEnd(8)} ${how}`)
  }
  const wrong = faults(all)
  for (const fault of wrong) console.log(`FAIL ${fault}`)
  console.log(`${all.length} blocks, ${wrong.length} faults`)
  process.exitCode = wrong.length > 0 ? 1 : 0
}
