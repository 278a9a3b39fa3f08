// Writes what is told of the catalogue as a whole: the table in the guide, and the names that the command line knows.
// With --check nothing is written, and what is stale is an error.
import type { Description } from "@effect-oauth/generic-rfc6749"
import { Description as Descriptions } from "@effect-oauth/generic-rfc6749"
import { Result } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const source = path.join(root, "packages/catalogue/src")
const names = path.join(root, "apps/cli/src/Catalogue.ts")
const guide = path.join(root, "docs/guides/catalogue.md")

interface Entry {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly description: Description.Encoded
}

const entries: ReadonlyArray<Entry> = await Promise.all(
  fs.readdirSync(source).sort((one, two) => one.localeCompare(two, "en", { numeric: true })).map(async (file) => {
    const name = path.basename(file, ".ts")
    const module: Record<string, Description.Encoded> = await import(path.join(source, file))
    const [description] = Object.values(module)
    const header = /^\/\*\*\n([\s\S]*?)\n \*\n/.exec(fs.readFileSync(path.join(source, file), "utf8"))?.[1] ?? ""
    const [title = "", about = ""] = header.replaceAll(/^ \* ?/gm, "").replaceAll("\n", " ").split(/: (.*)/s)
    if (description === undefined || about === "") throw new Error(`${file} does not begin with "Title: what it is"`)
    Result.getOrThrow(Descriptions.decode(description))
    return { name, title, about, description }
  })
)

const grants = ({ authorizationEndpoint, deviceAuthorizationEndpoint, dialect }: Description.Encoded): string =>
  [
    ...authorizationEndpoint === undefined ? ["no login"] : ["code"],
    ...deviceAuthorizationEndpoint === undefined ? [] : ["device"],
    ...dialect?.authorizationCode?.then === undefined ? [] : ["second exchange"],
    ...dialect?.refreshToken?.presents === "access_token" ? ["exchange of the access token"] : []
  ].join(", ")

const pkce = ({ authorizationEndpoint, dialect }: Description.Encoded): string =>
  authorizationEndpoint === undefined
    ? ""
    : ({ "S256": "S256", "insecure-plain": "plain", "none": "none" })[dialect?.authorization?.pkce ?? "S256"]

const rotation = ({ rotation }: Description.Encoded): string => {
  if (rotation === undefined || rotation.policy === "unknown") return "unknown"
  if (rotation.policy !== "rotating" || rotation.window === undefined) return rotation.policy
  const { duration, idempotent } = rotation.window
  return `rotating, ${duration}${idempotent ? " (the same pair)" : ""}`
}

const authentication = ({ clientAuthentication }: Description.Encoded): string =>
  typeof clientAuthentication === "string" ? clientAuthentication : clientAuthentication?.token ?? ""

const standing = ({ sources = [] }: Description.Encoded): string =>
  [...new Set(sources.map((each) => each.standing))].sort().join(", ")

const row = ({ description, name, title }: Entry): ReadonlyArray<string> => [
  `[${title}](../../packages/catalogue/src/${name}.ts)`,
  `\`${name}\``,
  grants(description),
  pkce(description),
  rotation(description),
  authentication(description),
  standing(description),
  (description.sources ?? []).map(({ url }, index) => `[${index + 1}](${url})`).join(" ")
]

const head = ["provider", "name", "grants", "PKCE", "rotation", "authentication", "standing", "sources"]

const table = (): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...entries.map((entry) => line(row(entry)))].join("\n")
}

const begin = "<!-- the catalogue, by scripts/catalogue.ts -->"
const end = "<!-- the end of the catalogue -->"

const guideText = (): string => {
  const text = fs.readFileSync(guide, "utf8")
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${guide} has no place for the table, between "${begin}" and "${end}"`)
  return `${text.slice(0, from)}${begin}\n<!-- dprint-ignore -->\n\n${table()}\n\n${text.slice(to)}`
}

const namesText = (): string =>
  `/**
 * The providers of the catalogue, by the names of their files: written by \`scripts/catalogue.ts\`, so that a list of them
 * loads none.
 */

/** The names, and for people the titles. */
export const titles = {
${
    entries.map(({ name, title }) =>
      `  ${/^[a-z]+$/.test(name) ? name : JSON.stringify(name)}: ${JSON.stringify(title)}`
    ).join(",\n")
  }
}
`

const written: ReadonlyArray<readonly [file: string, text: string]> = [[guide, guideText()], [names, namesText()]]

if (process.argv.includes("--check")) {
  const stale = written.filter(([file, text]) => !fs.existsSync(file) || fs.readFileSync(file, "utf8") !== text)
  for (const [file] of stale) console.error(`${path.relative(root, file)} is stale; run npm run format`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [file, text] of written) fs.writeFileSync(file, text)
}
