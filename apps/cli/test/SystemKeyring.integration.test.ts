/** A keyring of the machine's own: GNOME's, on a bus of the test's own. */
import { assert, describe } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { onMachine } from "./support/process.ts"

const isThere = (program: string): boolean => spawnSync("which", [program]).status === 0

const isMissing = !["dbus-daemon", "dbus-send", "gnome-keyring-daemon"].every(isThere)

if (isMissing) {
  process.emitWarning("SKIPPED: the system's keyring: install Debian's packages dbus and gnome-keyring")
}

describe.skipIf(isMissing)("the system's keyring", () => {
  onMachine("seals the grants of a first login, and opens them without being told", function*(machine) {
    const { client, directory, spawn } = machine
    const env = yield* unlocked(directory)
    const flags = yield* client("camera")

    const login = yield* spawn(["login", ...flags], { env })
    const token = yield* spawn(["token", ...flags], { env })

    assert.match(login.stderr, /sealed with a key in this machine's keyring/)
    assert.deepStrictEqual([login.exitCode, token.exitCode], [0, 0])
    assert.include(records(directory), "Sealed")
    assert.notInclude(records(directory), token.stdout.trim())
  })

  onMachine("is not touched where it is said so, or where grants are in clear already", function*(machine) {
    const { client, directory, spawn } = machine
    const env = yield* unlocked(directory)
    const flags = yield* client("camera")

    yield* spawn(["login", ...flags, "--keyring", "none"], { env })
    const again = yield* spawn(["login", ...flags], { env })

    assert.strictEqual(again.exitCode, 0)
    assert.notInclude(again.stderr, "sealed")
    assert.notInclude(records(directory), "Sealed")
  })

  onMachine("seals what was in clear, when it is asked to", function*({ client, directory, spawn }) {
    const env = yield* unlocked(directory)
    const flags = yield* client("camera")
    yield* spawn(["login", ...flags, "--keyring", "none"], { env })

    const sealed = yield* spawn(["grants", "reencrypt", "--keyring", "system"], { env })
    const token = yield* spawn(["token", ...flags], { env })

    assert.deepStrictEqual([sealed.exitCode, token.exitCode], [0, 0])
    assert.include(records(directory), "Sealed")
  })

  onMachine("that does not answer costs no grant", function*({ client, directory, spawn }) {
    const env = yield* unlocked(directory)
    const flags = yield* client("camera")
    yield* spawn(["login", ...flags], { env })

    const nowhere = { ...env, DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere" }
    const without = yield* spawn(["token", ...flags], { env: nowhere })
    const login = yield* spawn(["login", ...flags], { env: nowhere })
    const back = yield* spawn(["token", ...flags], { env })

    assert.match(without.stderr, /^error: /m)
    assert.deepStrictEqual([without.stdout, login.exitCode === 0], ["", false])
    assert.strictEqual(back.exitCode, 0)
  })
})

const records = (directory: string): string => {
  const folder = Path.join(directory, "data", "effect-oauth", "grants")
  return Fs.readdirSync(folder).filter((name) => name.endsWith(".json"))
    .map((name) => Fs.readFileSync(Path.join(folder, name), "utf8")).join("\n")
}

// a bus, and a keyring on it that is open
const unlocked = (directory: string): Effect.Effect<Readonly<Record<string, string | undefined>>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address=1"], {
          stdio: ["ignore", "pipe", "ignore"]
        })
        const address = await new Promise<string>((resolve) =>
          bus.stdout.once("data", (chunk) => resolve(String(chunk).trim()))
        )
        const env = { PATH: process.env["PATH"], HOME: directory, DBUS_SESSION_BUS_ADDRESS: address }
        const keyring = spawn("gnome-keyring-daemon", ["--foreground", "--unlock", "--components=secrets"], {
          env: { ...env, XDG_RUNTIME_DIR: directory },
          stdio: ["pipe", "ignore", "ignore"]
        })
        keyring.stdin.end("password")
        const asks = [`--bus=${address}`, "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]
        const owned = () =>
          spawnSync("dbus-send", [...asks, "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
            .stdout.includes("true")
        while (!owned()) await new Promise((resolve) => setTimeout(resolve, 50))
        return { address, bus, keyring }
      }),
      ({ bus, keyring }) =>
        Effect.sync(() => {
          keyring.kill()
          bus.kill()
        })
    ),
    ({ address }) => ({ DBUS_SESSION_BUS_ADDRESS: address, EFFECT_OAUTH_KEYRING: undefined })
  )
