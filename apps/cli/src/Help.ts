/**
 * Help that fits a screen: commands first, and the flags that all commands have
 * by what they are about.
 */
import * as CliOutput from "effect/cli/CliOutput"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Option from "effect/Option"
import * as Settings from "./Settings.ts"
import type { Style } from "./Style.ts"

/** How help is written. */
export const formatter = (colors: boolean, style: Style): CliOutput.Formatter => {
  const base = CliOutput.defaultFormatter({ colors, inheritedFlags: "none", globalFlags: "none" })
  return {
    formatVersion: (name, version) => base.formatVersion(name, version),
    formatCliError: (error) => base.formatCliError(error),
    formatError: (error) => base.formatError(error),
    formatErrors: (errors) => base.formatErrors(errors),
    formatHelpDoc: (doc) =>
      doc.subcommands === undefined
        ? `${base.formatHelpDoc(doc)}\n\n${style.dim("effect-oauth --help shows the flags that every command has")}`
        : `${base.formatHelpDoc({ ...doc, flags: [], globalFlags: [] })}\n\n${sections(doc, style)}`
  }
}

const sections = (doc: HelpDoc, style: Style): string => {
  const flags = [...doc.flags, ...doc.globalFlags ?? []]
  const width = Math.max(...flags.map((flag) => nameOf(flag).length)) + 2
  return titles.flatMap(([group, title]) => {
    const lines = flags.filter((flag) => groupOf(flag) === group).map((flag) => {
      const name = nameOf(flag)
      return `  ${style.green(name)}${" ".repeat(width - name.length)}${descriptionOf(flag)}`
    })
    return lines.length === 0 ? [] : [`${style.bold(title)}\n${lines.join("\n")}`]
  }).join("\n\n")
}

// the names of all providers would be all that is seen
const descriptionOf = (flag: FlagDoc): string =>
  Option.getOrElse(flag.description, () => "")
    .replace(/ \(choices: .{100,}\)$/, " (effect-oauth providers lists the names)")

type Group = Settings.Setting["group"] | "other"

const titles: ReadonlyArray<readonly [Group, string]> = [
  ["server", "FLAGS FOR THE SERVER"],
  ["client", "FLAGS FOR THE CLIENT"],
  ["place", "FLAGS FOR THE GRANT"],
  ["other", "FLAGS FOR ALL ELSE"]
]

const groupOf = ({ name }: FlagDoc): Group => {
  if (name.startsWith("client-secret")) return "client"
  const setting = Settings.names.map(Settings.get).find(({ flag }) => flag === name)
  return setting?.group ?? "other"
}

const nameOf = ({ aliases, name, type }: FlagDoc): string =>
  [`--${name}`, ...aliases].join(", ") + (type === "boolean" ? "" : name === "completions" ? " SHELL" : ` ${type}`)
