/**
 * A package's public surface as text, and the difference of two of them.
 */
import { diff } from "node:util"

/** One exported name, or one that exported ones stand on. */
export interface Declaration {
  readonly name: string
  readonly text: string
}

/** A package: what it needs, and its modules by the paths that an application imports. */
export interface Surface {
  readonly name: string
  readonly needs: ReadonlyArray<string>
  readonly modules: ReadonlyMap<string, ReadonlyArray<Declaration>>
}

/** What a release changes of one package. */
export interface Changes {
  readonly name: string
  /** Whether the package had no report before. */
  readonly isNew: boolean
  readonly needs: { readonly before: ReadonlyArray<string>; readonly after: ReadonlyArray<string> }
  readonly modules: ReadonlyArray<{
    readonly name: string
    readonly kind: "added" | "changed" | "removed"
    readonly removed: ReadonlyArray<Declaration>
    readonly changed: ReadonlyArray<{ readonly before: Declaration; readonly after: Declaration }>
    readonly added: ReadonlyArray<Declaration>
  }>
}

/** The report of a package. */
export const print = ({ modules, name, needs }: Surface): string =>
  `# ${name}

<!-- Written by npm run api: not by hand. -->

Needs: ${needs.length === 0 ? "nothing" : needs.join(", ")}.
${
    [...modules].map(([module, declarations]) =>
      `\n## ${module}\n\n\`\`\`ts\n${declarations.map(({ text }) => text).join("\n\n")}\n\`\`\`\n`
    ).join("")
  }`

/** The name of a declaration, by its text. */
export const nameOf = (text: string): string => {
  const [, closed = ""] = /^\/\/ of (.*)\n/.exec(text) ?? []
  const [, named] =
    /^(?:export )?(?:declare )?(?:abstract )?(?:const|let|var|class|interface|type|function|namespace|enum) ([\w$]+)/m
      .exec(text)
      ?? /^export \* as ([\w$]+)/m.exec(text) ?? []
  return `${closed === "" ? "" : `${closed} `}${named ?? text.split("\n").join(" ")}`
}

/** Reads a report back. */
export const parse = (report: string): Surface => {
  const [head = "", ...parts] = report.split(/^## /m)
  const needs = /^Needs: (.*)\.$/m.exec(head)?.[1] ?? ""
  return {
    name: /^# (.*)$/m.exec(head)?.[1] ?? "",
    needs: needs === "nothing" ? [] : needs.split(", "),
    modules: new Map(parts.map((part) => {
      const [name = ""] = part.split("\n", 1)
      const code = /^```ts\n([\s\S]*)\n```$/m.exec(part)?.[1] ?? ""
      const texts = code.split("\n\n").filter((text) => text !== "")
      return [name, texts.map((text) => ({ name: nameOf(text), text }))]
    }))
  }
}

/** What has changed of a package; `before` is absent where it is new. */
export const changes = (before: Surface | undefined, after: Surface): Changes => {
  const names = new Set([...before?.modules.keys() ?? [], ...after.modules.keys()])
  const modules = [...names].sort().map((name) => {
    const [old, now] = [before?.modules.get(name), after.modules.get(name)]
    const [were, are] = [byName(old ?? []), byName(now ?? [])]
    return {
      name,
      kind: old === undefined ? "added" : now === undefined ? "removed" : "changed",
      removed: [...were.values()].filter(({ name }) => !are.has(name)),
      changed: [...are.values()].flatMap((declaration) => {
        const was = were.get(declaration.name)
        return was === undefined || was.text === declaration.text ? [] : [{ before: was, after: declaration }]
      }),
      added: [...are.values()].filter(({ name }) => !were.has(name))
    } as const
  })
  return {
    name: after.name,
    isNew: before === undefined,
    needs: { before: before?.needs ?? [], after: after.needs },
    modules: modules.filter(({ added, changed, removed }) => added.length + changed.length + removed.length > 0)
  }
}

/** The changes of all packages as a part of the notes of a release. */
export const notes = (since: string, all: ReadonlyArray<Changes>): string => {
  const changed = all.filter((each) =>
    each.isNew || each.modules.length > 0 || String(each.needs.before) !== String(each.needs.after)
  )
  const told = changed.map((each) =>
    each.isNew
      ? `### ${each.name}\n\nNew, with ${plural(each.modules.length, "module")}: its report is in \`api\`.\n`
      : `### ${each.name}\n\n${needsTold(each.needs)}${each.modules.map(moduleTold).join("\n")}`
  )
  return `## Public surface since ${since}\n\n${
    changed.length === 0
      ? "Nothing has changed.\n"
      : `${headline(changed)}\n\n${told.join("\n")}`
  }`
}

const headline = (all: ReadonlyArray<Changes>): string => {
  const count = (kind: "added" | "changed" | "removed") =>
    all.filter(({ isNew }) => !isNew).flatMap(({ modules }) => modules).reduce(
      (sum, each) => sum + each[kind].length,
      0
    )
  return `${plural(count("removed"), "name")} removed, ${count("changed")} changed, ${
    count("added")
  } added. What was ` +
    "removed or changed may break code; what was added breaks none."
}

const needsTold = ({ after, before }: Changes["needs"]): string =>
  String(before) === String(after)
    ? ""
    : `Needs ${after.join(", ") || "nothing"}; before, ${before.join(", ") || "nothing"}.\n\n`

const moduleTold = ({ added, changed, kind, name, removed }: Changes["modules"][number]): string => {
  if (kind === "removed") return `**Removed: \`${name}\`**, and with it ${list(removed)}.\n`
  if (kind === "added") return `**Added: \`${name}\`**, with ${list(added)}.\n`
  const diffs = [
    ...removed.map(({ text }) => marked("-", text.split("\n"))),
    ...changed.map(({ after, before }) => difference(before.text.split("\n"), after.text.split("\n"))),
    ...added.map(({ text }) => marked("+", text.split("\n")))
  ]
  return `**\`${name}\`**\n\n\`\`\`diff\n${diffs.join("\n\n")}\n\`\`\`\n`
}

const byName = (declarations: ReadonlyArray<Declaration>): ReadonlyMap<string, Declaration> =>
  new Map(declarations.map((declaration) => [declaration.name, declaration]))

const list = (declarations: ReadonlyArray<Declaration>): string =>
  declarations.map(({ name }) => `\`${name}\``).join(", ")

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`

const marked = (mark: string, lines: ReadonlyArray<string>): string => lines.map((line) => `${mark} ${line}`).join("\n")

// what is far from a change is left out
const difference = (before: ReadonlyArray<string>, after: ReadonlyArray<string>): string => {
  const lines = diff(before, after).map(([operation, line]) => `${marks[operation]} ${line}`)
  const near = (index: number) => lines.slice(Math.max(0, index - 3), index + 4).some((line) => !line.startsWith("  "))
  return lines.flatMap((line, index) =>
    index === 0 || near(index) ? [line] : index > 0 && near(index - 1) ? ["  …"] : []
  ).join("\n")
}

// what `diff` says of a line: 1 where only the first text has it
const marks = { 1: "-", 0: " ", "-1": "+" }
