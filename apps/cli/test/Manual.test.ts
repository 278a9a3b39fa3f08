import * as CommandTree from "@effect-oauth/cli/CommandTree"
import * as ExitCode from "@effect-oauth/cli/ExitCode"
import * as Main from "@effect-oauth/cli/Main"
import * as Settings from "@effect-oauth/cli/Settings"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { run } from "./support/commandLine.ts"

describe("help", () => {
  for (const words of CommandTree.paths(Main.command)) {
    it.effect(`of ${["effect-oauth", ...words].join(" ")} fits a screen of 24 lines of 80 letters`, () =>
      Effect.gen(function*() {
        const { stdout } = yield* run([...words, "--help"])

        const lines = stdout.trimEnd().split("\n")
        assert.isAtMost(lines.length, 24, stdout)
        assert.deepStrictEqual(lines.filter((line) => line.length > 80), [])
      }))
  }

  it.effect("names every command, by the first of them or by the one above it", () =>
    Effect.gen(function*() {
      for (const words of CommandTree.paths(Main.command).filter(({ length }) => length > 0)) {
        const { stdout } = yield* run([...words.slice(0, -1), "--help"])

        assert.match(stdout, new RegExp(`^  ${words.at(-1)} +\\S`, "m"))
      }
    }))

  it.effect("leads to the settings, which it leaves out", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["login", "--help"])

      assert.include(stdout, "effect-oauth man settings")
      assert.notInclude(stdout, "--token-endpoint")
    }))

  it.effect("has no description of a command that is too long for its line", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["--help"])

      assert.deepStrictEqual(stdout.split("\n").filter((line) => /^ {3,}\S/.test(line)), [])
    }))
})

describe("the manual", () => {
  it.effect("tells every command, setting, variable and member", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man"])

      for (const words of CommandTree.paths(Main.command).filter(({ length }) => length > 0)) {
        assert.match(stdout, new RegExp(`^  ${words.join(" ")}\\b`, "m"))
      }
      for (const name of Settings.names) {
        const { flag } = Settings.get(name)
        for (const word of [`--${flag} `, Settings.variable(flag), `"${name}"`]) assert.include(stdout, word)
      }
    }))

  it.effect("tells every exit code", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man", "exit"])

      const codes = Object.values(ExitCode).filter((value) => typeof value === "number")
      for (const code of [...codes, ...[300, 400, 500].map(ExitCode.ofStatus)]) {
        assert.match(stdout, new RegExp(`^  ([\\d, ]*, )?${code}[ ,]`, "m"))
      }
    }))

  it.effect("has lines of 80 letters at most", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man"])

      assert.deepStrictEqual(stdout.split("\n").filter((line) => line.length > 80), [])
    }))

  it.effect("shows one section where one is named", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man", "Settings"])

      assert.match(stdout, /^SETTINGS\n/)
      assert.notInclude(stdout, "EXIT STATUS")
    }))

  it.effect("is an object with its sections where JSON is asked for", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man", "files", "--json"])

      const { sections } = JSON.parse(stdout)
      assert.deepStrictEqual(sections.map(({ title }: { readonly title: string }) => title), ["FILES"])
    }))

  it.effect("says which sections there are where one is named that is not", () =>
    Effect.gen(function*() {
      const { exitCode, stderr, stdout } = yield* run(["man", "colours"])

      assert.strictEqual(exitCode, 2)
      assert.strictEqual(stdout, "")
      assert.match(stderr, /^error: SECTION: is no section; it must be name, .*settings.* or environment$/m)
    }))

  it.effect("is the page that the package installs, word for word", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["man", "--roff"])

      assert.strictEqual(stdout, page, "run npm run format")
    }))

  it("is installed by the package", () => {
    const { man } = JSON.parse(fs.readFileSync(path.join(directory, "package.json"), "utf8"))

    assert.strictEqual(path.join(directory, man), file)
  })

  it("begins no line of the page with a word that roff would take for a request", () => {
    const known = /^\.(TH|SH|SS|TP|PP|nf|fi)\b/

    assert.deepStrictEqual(page.split("\n").filter((line) => /^[.']/.test(line) && !known.test(line)), [])
  })
})

const directory = path.resolve(import.meta.dirname, "..")
const file = path.join(directory, "man/effect-oauth.1")
const page = fs.readFileSync(file, "utf8")
