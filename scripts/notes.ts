// The notes of a release, in Markdown, as the release workflow gives them to whoever publishes it:
//
//   node scripts/notes.ts <version> [folder]
//
// What the changelogs of the packages say of that version, each entry once, then what has changed in the public surface since the last tag.
// `folder` is a clone in which `changeset version` has run; the repository itself unless it is named.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")

/** What a release on GitHub takes at most is 125,000 characters. */
const most = 100_000

interface Entry {
  readonly kind: string
  readonly text: string
}

/** The entries of one version of a changelog, without those that only say that another package has a new version. */
export const entriesOf = (changelog: string, version: string): ReadonlyArray<Entry> => {
  const section = changelog.split(/^## /m).find((part) => part.startsWith(`${version}\n`)) ?? ""
  return section.split(/^### /m).slice(1).flatMap((part) => {
    const [kind = ""] = part.split("\n", 1)
    return part.split(/^- /m).slice(1)
      .map((text) => ({ kind, text: text.trimEnd().replace(/^[0-9a-f]{7,}: /, "") }))
      .filter(({ text }) => !text.startsWith("Updated dependencies"))
  })
}

const lastTag = (): string | undefined => {
  const tag = spawnSync("git", ["describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^"], {
    cwd: root,
    encoding: "utf8"
  })
  return tag.status === 0 ? tag.stdout.trim() : undefined
}

const surface = (since: string): string => {
  const told = spawnSync(process.execPath, ["docs/api.ts", "--since", since], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 28
  })
  if (told.status !== 0) throw new Error(`the changes since ${since} cannot be told: ${told.stderr}`)
  return told.stdout.trim()
}

/** The notes. */
export const notes = (version: string, folder: string): string => {
  const changelogs = fs.globSync("packages/*/CHANGELOG.md", { cwd: folder }).sort()
    .map((file) => fs.readFileSync(path.join(folder, file), "utf8"))
  const entries = new Map(
    changelogs.flatMap((changelog) => entriesOf(changelog, version)).map((entry) => [entry.text, entry])
  )
  if (entries.size === 0) throw new Error(`no changelog has entries for ${version}: was changeset version run?`)
  const kinds = [...new Set([...entries.values()].map(({ kind }) => kind))].sort()
  const told = kinds.map((kind) => {
    const texts = [...entries.values()].filter((entry) => entry.kind === kind).map(({ text }) => `- ${text}`)
    return `## ${kind}\n\n${texts.join("\n")}\n`
  }).join("\n")
  const since = lastTag()
  const whole = `${told}\n${
    since === undefined
      ? "## Public surface\n\nThis is the first release: the whole of it is in `api`."
      : surface(since)
  }\n`
  const cut = "\n\n… The rest is in the changelogs, and in the difference of `api` between the two tags.\n"
  return whole.length <= most ? whole : `${whole.slice(0, whole.lastIndexOf("\n\n", most))}${cut}`
}

const [, script, version, folder] = process.argv
if (script !== undefined && path.resolve(script) === import.meta.filename) {
  if (version === undefined) throw new Error("which version? node scripts/notes.ts 1.2.3")
  console.log(notes(version.replace(/^v/, ""), folder ?? root))
}
