/**
 * Help that fits a screen of 24 lines of 80 letters. What all commands have in
 * common is in the manual.
 */
import * as CliOutput from "effect/cli/CliOutput"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as Option from "effect/Option"
import * as Lines from "./Lines.ts"
import type { Style } from "./Style.ts"

/** How help is written. */
export const formatter = (colors: boolean, style: Style): CliOutput.Formatter => {
  const base = CliOutput.defaultFormatter({ colors, inheritedFlags: "none", globalFlags: "none" })
  return {
    formatVersion: (name, version) => base.formatVersion(name, version),
    formatCliError: (error) => base.formatCliError(error),
    formatError: (error) => base.formatError(error),
    formatErrors: (errors) => base.formatErrors(errors),
    formatHelpDoc: (doc) => format(doc, style)
  }
}

/** A flag as it is written, with its value's name. */
export const flagName = ({ aliases, name, type }: FlagDoc): string =>
  [`--${name}`, ...aliases].join(", ") + (type === "boolean" ? "" : name === "completions" ? " SHELL" : ` ${type}`)

/** The arguments and flags of a command, without those that all commands have. */
export const own = (doc: HelpDoc): ReadonlyArray<readonly [name: string, meaning: string]> => [
  ...(doc.args ?? []).map(({ description, name }) => [name.toUpperCase(), orEmpty(description)] as const),
  ...(isRoot(doc) ? [] : doc.flags).map((flag) => [flagName(flag), orEmpty(flag.description)] as const)
]

/** How a command is called. */
export const usage = (doc: HelpDoc): string =>
  [
    (doc.commandPath ?? ["effect-oauth"]).join(" "),
    ...(doc.subcommands === undefined ? [] : ["COMMAND"]),
    ...(doc.args ?? []).map(({ name, required }) => required ? name.toUpperCase() : `[${name.toUpperCase()}]`),
    "[flags]"
  ].join(" ")

const format = (doc: HelpDoc, style: Style): string => {
  const rows = own(doc)
  return [
    ...Lines.wrap(doc.description, Lines.width),
    "",
    `${style.bold("USAGE")}  ${usage(doc)}`,
    ...(doc.subcommands === undefined ? [] : commands(doc, style)),
    ...(rows.length === 0 ? [] : ["", style.bold("FLAGS"), ...Lines.table(rows, { mark: style.green, widest: 26 })]),
    ...examples(doc, style),
    ...(isRoot(doc) ? [] : [""]),
    style.dim(
      isRoot(doc)
        ? "COMMAND --help tells of one; effect-oauth man of all, settings and exit codes"
        : "effect-oauth man settings: the flags that every command has"
    )
  ].join("\n")
}

const commands = (doc: HelpDoc, style: Style): ReadonlyArray<string> => {
  const groups = doc.subcommands ?? []
  const longest = Math.max(...groups.flatMap((group) => group.commands.map(({ name }) => name.length)))
  return groups.flatMap(({ commands, group }) => [
    ...(isRoot(doc) ? [] : [""]),
    style.bold(group ?? "COMMANDS"),
    ...Lines.table(
      commands.map((
        { description, name, shortDescription }
      ) => [name.padEnd(longest), shortDescription ?? description]),
      { mark: style.green, widest: longest }
    )
  ])
}

const examples = ({ examples = [] }: HelpDoc, style: Style): ReadonlyArray<string> =>
  examples.length === 0
    ? []
    : [
      "",
      style.bold("EXAMPLES"),
      ...examples.flatMap(({ command, description }) => [
        ...(description === undefined ? [] : [`  ${style.dim(`# ${description}`)}`]),
        ...broken(command).map((line, at) => `  ${at === 0 ? "" : "  "}${line}`)
      ])
    ]

/** A command that is too long for a line, in lines that a shell reads as one: broken before a flag. */
export const broken = (command: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const part of command.split(/ (?=-\w|--\w|https?:)/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + part.length > Lines.width - 8) lines.push(part)
    else lines[lines.length - 1] = `${last} ${part}`
  }
  return lines.map((line, at) => at === lines.length - 1 ? line : `${line} \\`)
}

const isRoot = (doc: HelpDoc): boolean => (doc.commandPath ?? []).length <= 1

const orEmpty = (text: Option.Option<string>): string => Option.getOrElse(text, () => "")
