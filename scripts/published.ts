// Writes core's JavaScript as it is published, out of its sources; its declarations are tsc's. Packing and the bench call
// it, and by itself it is run by `node scripts/published.ts`.
//
// - A program that is not bundled pays more than half a millisecond for each module that it imports. So what is loaded
//   together is one file, whose parts keep their names, their comments and their places in the sources.
// - Calls at the top of a module are marked pure, as Effect's build marks its own: a bundler leaves out what they make
//   where nobody uses it, also when it stands in one file with what is used.
import * as fs from "node:fs"
import * as path from "node:path"
import { type Plugin, rolldown } from "rolldown"
import { parseAst } from "rolldown/parseAst"

const core = path.resolve(import.meta.dirname, "../packages/core")
const source = path.join(core, "src")

/** What is one file: these modules and all that they take along, but what is in a file above. */
const together: Readonly<Record<string, ReadonlyArray<string>>> = {
  vocabulary: [
    "Grant",
    "GrantHistory",
    "GrantKey",
    "Identity",
    "OAuthError",
    "PlatformDigest",
    "RemoteText",
    "Scopes",
    "Target"
  ],
  exchange: ["TokenEndpoint"],
  service: ["TokenService"]
}

/** Writes it into a folder, and gives that. */
export const publish = async (folder = path.join(core, "dist")): Promise<string> => {
  for (const file of fs.globSync("**/*.js{,.map}", { cwd: folder })) fs.rmSync(path.join(folder, file))
  const files = fs.globSync("{,jose/}{,testing/}[A-Z]*.ts", { cwd: source }).sort()
  const build = await rolldown({
    input: Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ""), path.join(source, file)])),
    external: /^(effect|jose)(\/|$)/,
    platform: "neutral",
    plugins: [pure],
    preserveEntrySignatures: "strict"
  })
  await build.write({
    dir: folder,
    entryFileNames: "[name].js",
    // where the package is closed, and beside no declaration
    chunkFileNames: "internal/together/[name].js",
    codeSplitting: {
      groups: Object.entries(together).map(([name, modules]) => ({
        name,
        test: new RegExp(`[\\\\/]src[\\\\/](${modules.join("|")})\\.ts$`)
      }))
    },
    minifyInternalExports: false,
    sourcemap: true,
    // they are published beside it
    sourcemapExcludeSources: true
  })
  // a barrel names modules and holds nothing
  for (const file of fs.globSync("{,jose/}{,testing/}index.ts", { cwd: source })) {
    const code = fs.readFileSync(path.join(source, file), "utf8")
    fs.writeFileSync(path.join(folder, file.replace(/\.ts$/, ".js")), code.replaceAll(/(?<="\.\/.+)\.ts(?=")/g, ".js"))
  }
  return folder
}

/** A module with its marks: a call is marked that is made when the module is loaded, to make what it declares. */
export const marked = (code: string): string => {
  const declared = parseAst(code, { lang: "ts" }).body.map((statement) =>
    "declaration" in statement && statement.declaration !== null ? statement.declaration : statement
  ).filter(({ type }) => type === "VariableDeclaration" || type === "ClassDeclaration")
  const calls = [...new Set(callsIn(declared))].filter((at) => !code.slice(0, at).endsWith(mark)).sort((a, b) => a - b)
  return [...calls, code.length].map((at, index) => code.slice(calls[index - 1] ?? 0, at)).join(mark)
}

const mark = "/* @__PURE__ */ "

// a mark moves nothing to another line
const pure: Plugin = { name: "pure", transform: (code) => ({ code: marked(code), map: null }) }

/** Where calls begin, but those of functions, which are made later. */
const callsIn = (node: unknown): ReadonlyArray<number> => {
  if (Array.isArray(node)) return node.flatMap(callsIn)
  if (!isNode(node) || isLater(node)) return []
  const inner = Object.values(node).flatMap(callsIn)
  return node.type === "CallExpression" || node.type === "NewExpression" ? [node.start, ...inner] : inner
}

interface Node {
  readonly type: string
  readonly start: number
  readonly static?: boolean
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "type" in value

const isLater = (node: Node): boolean =>
  /Function/.test(node.type) || node.type === "MethodDefinition" ||
  node.type === "PropertyDefinition" && node.static !== true

if (import.meta.main) console.log(`core: published into ${await publish()}`)
