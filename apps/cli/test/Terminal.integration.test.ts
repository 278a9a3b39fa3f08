/**
 * The pictures of the terminal in the docs: each is what the program prints today, against a sandbox.
 *
 *   SCREENSHOTS=1 pnpm exec vitest run apps/cli/test/Terminal.integration.test.ts
 *
 * makes them anew. Folders and ports of the test are shown as those of a person; numbers and tokens are not compared.
 */
import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { Options } from "./support/commandLine.ts"
import * as Picture from "./support/picture.ts"
import { addressIn, type Machine, onMachine } from "./support/process.ts"

describe("the terminal", { concurrent: false }, () => {
  onMachine("is shown in the docs as it is", function*(machine) {
    const { run, sandbox } = machine
    const show = shower(machine)
    const approve: Options = { types: (said) => Effect.orDie(sandbox.approve(addressIn(said))) }

    yield* run(["login", "--paste", "--save", "work", ...yield* machine.client("oidc-public", "work")], approve)
    const visits: Options["visits"] = (said) =>
      sandbox.approve(addressIn(Picture.plain(said))).pipe(
        Effect.flatMap((answer) => Effect.promise(() => fetch(answer))),
        Effect.orDie
      )
    yield* show("login", ["login", "--profile", "work", "--no-browser"], { visits })
    const device = sandbox.registrations["oidc-device"].clientId
    yield* show("login-code", ["login", "--device", "--profile", "work", "--account", "ada", "--client-id", device])
    yield* show("status-plain", ["status", "--profile", "work"], { env: { FORCE_COLOR: "", NO_COLOR: "1" } })
    yield* show("watch", ["status", "--profile", "work", "--watch"], {
      terminal: { stdout: true },
      interrupted: (until) =>
        Effect.gen(function*() {
          yield* until((said) => Picture.plain(said).includes("1 pair so far"))
          yield* run(["refresh", "--profile", "work"])
          yield* until((said) => Picture.plain(said).includes("2 pairs so far"))
        })
    })
    yield* show("token", ["token", "--profile", "work"])
    yield* show("call", ["call", "GET", sandbox.endpoints.oidc.userinfo, "-v", "--profile", "work"])
    yield* show("error", ["token", "--profile", "work", "--account", "nobody"])
  })
})

const directory = Path.resolve(import.meta.dirname, "../../../docs/screenshots")

const shower = ({ directory: home, run, sandbox }: Machine) =>
  Effect.fnUntraced(function*(name: string, args: ReadonlyArray<string>, options: Options = {}) {
    const own = (text: string) =>
      text
        .replaceAll(`${home}/data`, "~/.local/share")
        .replaceAll(`${home}/config`, "~/.config")
        .replaceAll(new URL(sandbox.origin).host, "127.0.0.1:8500")
    const { stderr, stdout } = yield* run(args, { ...options, env: { FORCE_COLOR: "1", ...options.env } })
    // of a live view what stays at its end
    const text = own(
      `${stderr}${stdout.slice(stdout.includes(leaving) ? stdout.lastIndexOf(leaving) + leaving.length : 0)}`
    )
    const svg = Picture.draw({
      title: `What effect-oauth ${args[0]} prints`,
      command: own(`effect-oauth ${args.join(" ")}`),
      lines: text.trimEnd().split("\n")
    })

    assert.strictEqual(Picture.isColoured(svg), !bare.has(name), name)
    const file = Path.join(directory, `terminal-${name}.svg`)
    if (process.env["SCREENSHOTS"] !== undefined) Fs.writeFileSync(file, svg)
    const shown = Fs.existsSync(file) ? Picture.said(Fs.readFileSync(file, "utf8")) : []
    assert.deepStrictEqual(shown, Picture.said(svg), `terminal-${name}.svg is not what is printed now`)
  })

// without colours for everybody: what is piped on
const bare = new Set(["status-plain", "token", "call"])

// back to the terminal's first screen
const leaving = "\u001b[?1049l"
