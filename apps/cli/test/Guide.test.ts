import * as ExitCode from "@effect-oauth/cli/ExitCode"
import * as Main from "@effect-oauth/cli/Main"
import * as Settings from "@effect-oauth/cli/Settings"
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

describe("the guide", () => {
  for (const name of Settings.names) {
    it(`tells flag, variable and member of ${name}`, () => {
      const { flag } = Settings.get(name)
      const row = guide.split("\n").find((line) => line.startsWith(`| \`--${flag}\``)) ?? ""

      assert.include(row, `\`${Settings.variable(flag)}\``)
      assert.include(row, `\`${name}\``)
    })

    it(`tells the choices of ${name}, if it has some`, () => {
      const { choices = [], flag } = Settings.get(name)
      const row = guide.split("\n").find((line) => line.startsWith(`| \`--${flag}\``)) ?? ""

      // the providers of the catalogue have a guide of their own
      const told = choices.filter((choice) => !Settings.isCatalogued(choice))
      for (const choice of told) assert.include(row, `\`${choice}\``)
    })
  }

  it("tells every command", () => {
    const commands = Main.command.subcommands.flatMap((group) => group.commands.map(({ name }) => name))

    for (const command of commands) assert.match(guide, new RegExp(`^\\| \`${command}[ \`]`, "m"))
  })

  it("tells every exit code", () => {
    const codes = Object.values(ExitCode).filter((value) => typeof value === "number")

    for (const code of [...codes, ExitCode.ofStatus(404)]) {
      assert.match(guide, new RegExp(`^\\|[^|]*\\b${code}\\b[^|]*\\|`, "m"))
    }
  })
})

const guide = fs.readFileSync(path.resolve(import.meta.dirname, "../../../docs/guides/cli.md"), "utf8")
