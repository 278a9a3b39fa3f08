/**
 * The manual: every command, setting, file and exit code, made of the same
 * tables as the program; for a terminal, and for `man`.
 */
import type { Described } from "./CommandTree.ts"
import * as Help from "./Help.ts"
import * as Lines from "./Lines.ts"
import * as Settings from "./Settings.ts"
import type { Style } from "./Style.ts"

/** A part of a section. */
export type Block =
  | { readonly _tag: "Paragraph"; readonly text: string }
  | { readonly _tag: "Heading"; readonly text: string }
  | { readonly _tag: "Terms"; readonly rows: ReadonlyArray<readonly [name: string, meaning: string]> }
  | { readonly _tag: "Command"; readonly text: string; readonly note?: string | undefined }

/** A section of the manual. */
export interface Section {
  readonly title: string
  readonly blocks: ReadonlyArray<Block>
}

/** The sections, by the commands that there are. */
export const sections = (commands: ReadonlyArray<Described>): ReadonlyArray<Section> => [
  {
    title: "NAME",
    blocks: [paragraph("effect-oauth - log in to an OAuth 2 server once, and have a token when asked")]
  },
  { title: "SYNOPSIS", blocks: [paragraph("effect-oauth COMMAND [flags]")] },
  {
    title: "DESCRIPTION",
    blocks: [
      paragraph(
        "Logs in to an OAuth 2 server once, keeps the grant, and has a token whenever one is asked for, in as many " +
          "shells as there are: one of them renews, the others take what it got. Ctrl-C is safe at any time: what was " +
          "sent is waited for and saved. A second Ctrl-C ends at once, and the next command finds out what became of it."
      )
    ]
  },
  { title: "COMMANDS", blocks: commands.filter(({ path }) => path.length > 0).flatMap(ofCommand) },
  { title: "SETTINGS", blocks: settings },
  { title: "FILES", blocks: [{ _tag: "Terms", rows: files }] },
  { title: "EXIT STATUS", blocks: [{ _tag: "Terms", rows: exitCodes }] },
  {
    title: "ENVIRONMENT",
    blocks: [{
      _tag: "Terms",
      rows: [
        ["EFFECT_OAUTH_…", "The settings, as above."],
        ["BROWSER", "The browser that is opened; none opens none."],
        ["NO_COLOR, FORCE_COLOR", "Whether text is coloured, whatever stdout is. The first wins."],
        ["SSH_CONNECTION", "Where it is set, a login is by a code if the server can do that."]
      ]
    }]
  }
]

/** The manual, or one section of it, for a terminal. */
export const toText = (sections: ReadonlyArray<Section>, style: Style): string =>
  sections.map(({ blocks, title }) => [style.bold(title), ...blocks.flatMap((block) => lines(block, style))].join("\n"))
    .join("\n\n")

/** The manual as `man` reads it. */
export const toRoff = (sections: ReadonlyArray<Section>): string =>
  [
    `.TH EFFECT-OAUTH 1 "" "effect-oauth" "User Commands"`,
    ...sections.flatMap(({ blocks, title }) => [`.SH ${title}`, ...blocks.flatMap(roff)])
  ].join("\n") + "\n"

const paragraph = (text: string): Block => ({ _tag: "Paragraph", text })

const ofCommand = ({ doc, path }: Described): ReadonlyArray<Block> => {
  const rows = Help.own(doc)
  return [
    { _tag: "Heading", text: Help.usage(doc).replace(/^effect-oauth /, "").replace(/ \[flags\]$/, "") },
    paragraph(doc.description),
    ...(rows.length === 0 || path.length === 0 ? [] : [{ _tag: "Terms", rows } as const]),
    ...(doc.examples ?? []).map(({ command, description }): Block => ({
      _tag: "Command",
      text: command,
      note: description
    }))
  ]
}

const groups: ReadonlyArray<readonly [Settings.Setting["group"], string]> = [
  ["server", "The server"],
  ["client", "The client"],
  ["place", "The grant"]
]

const secrets: ReadonlyArray<readonly [string, string]> = [
  ["--client-secret-stdin", "The client's secret is on stdin."],
  [
    "--client-secret SECRET",
    "The client's secret; others on this machine can see a flag. EFFECT_OAUTH_CLIENT_SECRET; never in the file."
  ]
]

const settings: ReadonlyArray<Block> = [
  paragraph(
    "A setting is given by a flag of any command, by an environment variable, or in a profile of the configuration " +
      "file, and goes in this order. Settings of a server and of its client come together: they are not mixed with " +
      "those of another server."
  ),
  ...groups.flatMap(([group, title]): ReadonlyArray<Block> => [
    { _tag: "Heading", text: title },
    {
      _tag: "Terms",
      rows: [
        ...Settings.names.filter((name) => Settings.get(name).group === group).map((name) => {
          const { choices, description, flag, metavar } = Settings.get(name)
          const told = choices === undefined
            ? ""
            : choices.length > 10
            ? "; effect-oauth providers lists the names"
            : `: ${choices.join(", ")}`
          return [
            `--${flag} ${metavar}`,
            `${description}${told}. ${Settings.variable(flag)}; "${name}" in a profile.`
          ] as const
        }),
        ...(group === "client" ? secrets : [])
      ]
    }
  ]),
  { _tag: "Heading", text: "Everything else" },
  {
    _tag: "Terms",
    rows: [
      ["--json", "Write JSON: the result to stdout, everything else to stderr, an object a line."],
      ["--config FILE", "The configuration file. EFFECT_OAUTH_CONFIG."],
      ["--profile NAME", "The profile of the configuration file. EFFECT_OAUTH_PROFILE; \"profile\" in the file."],
      ["--help, -h", "Help that fits a screen."],
      ["--version", "The version."],
      ["--completions SHELL", "A script for bash, zsh or fish that completes commands and flags."]
    ]
  }
]

const files: ReadonlyArray<readonly [string, string]> = [
  ["$XDG_CONFIG_HOME/effect-oauth/config.json", "Profiles; no secrets. ~/.config; on Windows %APPDATA%."],
  [
    "$XDG_DATA_HOME/effect-oauth",
    "Grants, logins that wait, the escrow; only you can read them. ~/.local/share; on Windows %LOCALAPPDATA%."
  ],
  [
    "$XDG_CACHE_HOME/effect-oauth",
    "Metadata of servers, compiled code. ~/.cache; on Windows the folder cache beside the grants."
  ]
]

const exitCodes: ReadonlyArray<readonly [string, string]> = [
  ["0", "Done."],
  ["1", "Failed, and the same again will fail the same way."],
  ["2", "A flag, a variable, a file or an address is wrong: nothing was sent that could harm."],
  ["3", "There is no grant, or it has ended: log in."],
  ["4", "Not now: the same command may succeed later."],
  ["13, 14, 15", "call: the API answered with a status of the class 3xx, 4xx, 5xx."],
  ["130", "Interrupted."],
  ["141", "stdout was closed by whoever reads it."]
]

const lines = (block: Block, style: Style): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Paragraph":
      return Lines.wrap(block.text, Lines.width - 2).map((line) => `  ${line}`)
    case "Heading":
      return ["", `  ${style.bold(block.text)}`]
    case "Terms":
      return Lines.table(block.rows, { mark: style.green, widest: 26 })
    case "Command":
      return [
        ...(block.note === undefined ? [] : [`    ${style.dim(`# ${block.note}`)}`]),
        ...Help.broken(block.text).map((line, at) => `    ${at === 0 ? "" : "  "}${line}`)
      ]
  }
}

const roff = (block: Block): ReadonlyArray<string> => {
  switch (block._tag) {
    case "Paragraph":
      return [".PP", escaped(block.text)]
    case "Heading":
      return [`.SS ${escaped(block.text)}`]
    case "Terms":
      return block.rows.flatMap(([name, meaning]) => [".TP", `\\fB${escaped(name)}\\fR`, escaped(meaning)])
    case "Command":
      return [
        ".PP",
        ...(block.note === undefined ? [] : [`${escaped(block.note)}:`]),
        ".nf",
        `    ${escaped(block.text)}`,
        ".fi"
      ]
  }
}

// a backslash begins a request of roff, a dash would be broken at, and a line must not begin with a dot or an apostrophe
const escaped = (text: string): string =>
  text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "\\&...").replaceAll(/^(?=[.'])/gm, "\\&")
